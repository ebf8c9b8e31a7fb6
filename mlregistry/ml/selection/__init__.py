"""Feature selection: selectors that sit in a Pipeline, and the study that compares them inside cross-validation.

Called by the selection job; recipes make single selectors through `methods.make`.
"""
