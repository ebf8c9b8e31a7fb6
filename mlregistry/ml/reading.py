"""How a file of a table is to be read, where its owner knows better than the file tells. Used by tables and sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlregistry.errors import Invalid

DELIMITERS = {
    ",": ",",
    ";": ";",
    "|": "|",
    "\t": "\t",
    "tab": "\t",
    "comma": ",",
    "semicolon": ";",
    "pipe": "|",
}


@dataclass(frozen=True)
class Reading:
    """Empty means: find out. `keep_text` are columns that stay text whatever they hold."""

    encoding: str = ""
    delimiter: str = ""
    decimal: str = ""
    sheet: str = ""
    records: str = ""
    keep_text: frozenset[str] = frozenset()

    def to_json(self) -> dict[str, str]:
        names = ("encoding", "delimiter", "decimal", "sheet", "records")
        return {name: getattr(self, name) for name in names if getattr(self, name)}


NAMES = ("encoding", "delimiter", "decimal", "sheet", "records")


def parse(wanted: Mapping[str, Any]) -> Reading:
    """The options of that mapping, other keys left out; Invalid names the one that is no text."""
    found: dict[str, str] = {}
    for name in NAMES:
        value = wanted.get(name) or ""
        if not isinstance(value, str) or len(value) > 200:
            raise Invalid(f"'{name}' is a text of at most 200 characters.", field=name)
        found[name] = value
    if found["delimiter"]:
        if found["delimiter"] not in DELIMITERS:
            raise Invalid("The delimiter is one of: comma, semicolon, tab, pipe.", field="delimiter")
        found["delimiter"] = DELIMITERS[found["delimiter"]]
    if found["decimal"] not in ("", ".", ","):
        raise Invalid("The decimal sign is '.' or ','.", field="decimal")
    return Reading(found["encoding"], found["delimiter"], found["decimal"], found["sheet"], found["records"])
