"""Recipes of steps: what each step is (catalogue), its check (parsing), its transformers, and the one Pipeline.

The modules frames, applying, numbers, categories, times, texts, formulas, groups, history, finishing, reading and rows
hold what runs on tables; they import only NumPy, pandas, scikit-learn and each other: an exported recipe has them.
"""
