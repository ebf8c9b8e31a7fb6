"""How a file of a table is to be read, where its owner knows better than the file tells. Used by tables and sources."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """Empty means: find out. `keep_text` are columns that stay text whatever they hold; `types` are those of all
    columns, in order, where the sender of the rows knows them. `query` is a SELECT, of a database file."""

    encoding: str = ""
    delimiter: str = ""
    decimal: str = ""
    sheet: str = ""
    records: str = ""
    query: str = ""
    keep_text: frozenset[str] = frozenset()
    types: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in NAMES if getattr(self, name)}

    def choice(self) -> str:
        """What was chosen of a file that holds several tables; empty when nothing was."""
        if self.query:
            return f"query {hashlib.sha256(self.query.encode()).hexdigest()[:12]}"
        return self.sheet or self.records


NAMES = ("encoding", "delimiter", "decimal", "sheet", "records", "query")
LONGEST = {"query": 20_000}


def parse(wanted: Mapping[str, Any]) -> Reading:
    """The options of that mapping, other keys left out; Invalid names the one that is no text."""
    found: dict[str, str] = {}
    for name in NAMES:
        value = wanted.get(name) or ""
        longest = LONGEST.get(name, 200)
        if not isinstance(value, str) or len(value) > longest or "\x00" in value:
            raise Invalid(f"'{name}' is a text of at most {longest:,} characters.", field=name)
        found[name] = value
    if found["delimiter"]:
        if found["delimiter"] not in DELIMITERS:
            raise Invalid("The delimiter is one of: comma, semicolon, tab, pipe.", field="delimiter")
        found["delimiter"] = DELIMITERS[found["delimiter"]]
    if found["decimal"] not in ("", ".", ","):
        raise Invalid("The decimal sign is '.' or ','.", field="decimal")
    encoding, delimiter, decimal, sheet, records, query = (found[name] for name in NAMES)
    return Reading(encoding, delimiter, decimal, sheet, records, query)
