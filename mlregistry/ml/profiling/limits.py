"""What a profile may cost and how far it looks. Used by every module of this package."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class ProfileLimits:
    """Rows, columns and values that the costly figures look at; the plain ones always see every row."""

    memory_mb: int = 256  # of the database engine; the arrays of one column come on top
    threads: int = 2
    cells_per_read: int = 1_000_000
    top_values: int = 20
    few_values: int = 50  # numbers and times of no more distinct values are listed whole
    categories: int = 1_000  # and categories of no more, if the table is not wide
    listed_values: int = 20_000  # of all columns together
    longest_value: int = 200
    bars: int = 40
    values_looked_at: int = 2_000  # distinct texts of a column that patterns are looked for in
    grouped_values: int = 100_000  # distinct texts that are counted by value and not by hash
    sample_rows: int = 50_000
    sample_cells: int = 10_000_000
    forest_rows: int = 10_000
    tree_rows: int = 5_000
    correlated_columns: int = 100
    strongest_pairs: int = 50
    patterns: int = 30
    odd_rows: int = 20

    def for_width(self, n_columns: int) -> ProfileLimits:
        """With the categories that may be listed in each of so many columns."""
        share = self.listed_values // max(1, n_columns)
        return replace(self, categories=max(self.few_values, min(self.categories, share)))
