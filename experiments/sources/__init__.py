"""Where data comes from: one small file per kind behind one protocol. Called by the actions and jobs of sources.

No models here: a kind is given its settings, its secrets and where to write, and tells what it wrote.
"""
