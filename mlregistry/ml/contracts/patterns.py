"""Regular expressions of users: RE2 only, whose time grows with the length of the value and never explodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily
from mlregistry.ml import duck

if TYPE_CHECKING:
    import duckdb
else:
    duckdb = lazily("duckdb")

LONGEST_PATTERN = 200
LONGEST_MATCHED = 10_000


def check_all(by_path: Mapping[str, str | None]) -> None:
    """Invalid for the first pattern that RE2 does not take; its path is the field."""
    wanted = {path: pattern for path, pattern in by_path.items() if pattern is not None}
    if not wanted:
        return
    with duckdb.connect(":memory:") as connection:
        for path, pattern in wanted.items():
            try:
                connection.execute(f"SELECT regexp_full_match('', {duck.text(pattern)})").fetchone()
            except duckdb.Error as error:
                reason = str(error).splitlines()[0].removeprefix("Invalid Input Error: ")[:200]
                raise Invalid(
                    f"'{path}' is no regular expression that can be used here: {reason}"
                    " (look-around and back-references are left out on purpose).",
                    field=path,
                ) from error


def mismatch(value: str, pattern: str) -> str:
    """SQL that is true where the text `value` does not match; longer than 10,000 characters never does."""
    return (
        f"(length({value}) > {LONGEST_MATCHED}"
        f" OR NOT regexp_full_match(left({value}, {LONGEST_MATCHED}), {duck.text(pattern)}))"
    )
