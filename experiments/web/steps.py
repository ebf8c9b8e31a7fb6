"""The columns that a table for a problem must have, in words. Several pages of a problem say it."""

from experiments.models import Problem


def needed_columns(problem: Problem) -> str:
    """The columns that a table for the problem must have, for a sentence; "" when any will do."""
    keys = [name for name in (problem.key_column(0), problem.key_column(1)) if name]
    names = [f"“{name}”" for name in dict.fromkeys([*keys, problem.target]) if name]
    if not names:
        return ""
    return ("the column " if len(names) == 1 else "the columns ") + " and ".join(names)
