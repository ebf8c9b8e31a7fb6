"""Drift: whether the rows of a window still look like those that a model was trained on.

`tables` compares raw rows, `counted` compares counters that were folded on the way, `two_sample` looks for what no
single column shows, `changes` watches a stream; `declaring` says by which methods. No Django here.
"""
