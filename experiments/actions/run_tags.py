"""Tags of runs: checked text, and those that MLflow's clients write as tags but are columns of the run here.

Called by the actions that create and log to runs.
"""

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mlregistry.errors import Invalid
from mlregistry.lib import tag_names
from mlregistry.lib.http_urls import without_credentials
from mlregistry.lib.names import clean_key, clean_name, clean_text

MAX_TAG = 8000
LONGEST_TIMEOUT = 2**31 - 1
HEX = re.compile(r"[0-9a-fA-F]{32}")
Pairs = Mapping[str, str] | Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Tags:
    """`rows` are tags of their own; the others are columns, None where the column stays as it is."""

    rows: tuple[tuple[str, str], ...] = ()
    name: str | None = None
    note: str | None = None
    parent: uuid.UUID | None = None
    timeout_seconds: int | None = None


def checked_tags(given: Pairs) -> Tags:
    """Clean keys and values, the last of equal keys; Invalid names the tag at fault.

    The address of a repository loses its credentials, which whoever sees the run would see.
    """
    clean: dict[str, str] = {}
    for key, value in given.items() if isinstance(given, Mapping) else given:
        name, text = clean_pair(key, value, "tags", MAX_TAG)
        clean[name] = without_credentials(text) if name in tag_names.REPOSITORIES else text
    return Tags(
        rows=tuple(
            (key, value) for key, value in clean.items() if key not in (tag_names.RUN_NAME, tag_names.NOTE)
        ),
        name=_name(clean.get(tag_names.RUN_NAME)),
        note=clean.get(tag_names.NOTE),
        parent=as_run_id(clean.get(tag_names.PARENT_RUN, "")),
        timeout_seconds=_timeout(clean.get(tag_names.TIMEOUT)),
    )


def clean_pair(key: object, value: object, field: str, max_length: int) -> tuple[str, str]:
    """A param's or tag's key and value; Invalid names it."""
    name = clean_key(key, field=f"{field}.{key}"[:200])
    return name, clean_text(value, field=f"{field}.{name}", max_length=max_length)


def as_run_id(text: str) -> uuid.UUID | None:
    """The key in 32 hex digits; None for anything else, which may be a run of another server."""
    return uuid.UUID(text) if HEX.fullmatch(text) else None


def check_timeout(seconds: int, *, field: str = "timeout_seconds") -> int:
    """Invalid for what is no time-out."""
    if not 0 <= seconds <= LONGEST_TIMEOUT:
        raise Invalid(f"The time-out is 0 (never) to {LONGEST_TIMEOUT:,} seconds.", field=field)
    return seconds


def _timeout(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 10):
        raise Invalid(
            f"The time-out {text[:50]!r} is no whole number of seconds.", field=f"tags.{tag_names.TIMEOUT}"
        )
    return check_timeout(int(text), field=f"tags.{tag_names.TIMEOUT}")


def _name(text: str | None) -> str | None:
    return None if text is None else clean_name(text, field=f"tags.{tag_names.RUN_NAME}", max_length=500)
