"""What every kind of source takes and gives, and the checks of settings that several kinds share."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from mlregistry.errors import Invalid, Unavailable
from mlregistry.ml.reading import Reading

Report = Callable[[float, str], None]
LONGEST_TEXT = 2_000


@dataclass(frozen=True)
class Limits:
    """What one refresh may cost."""

    max_bytes: int
    max_rows: int = 50_000_000
    max_pages: int = 10_000
    seconds: float = 1_800.0


@dataclass(frozen=True)
class Setting:
    """One setting of a kind: what forms show and `check` reads. `choices` make it a choice; secrets are kept apart."""

    name: str
    label: str
    help: str = ""
    required: bool = False
    secret: bool = False
    choices: tuple[str, ...] = ()
    long: bool = False
    placeholder: str = ""


@dataclass(frozen=True)
class Ask:
    """One fetch: `since` is what the last one returned as `cursor`, `n_rows` cuts a preview short."""

    config: Mapping[str, str]
    secrets: Mapping[str, str]
    into: Path
    limits: Limits
    since: Mapping[str, Any] = field(default_factory=dict)
    n_rows: int | None = None
    report: Report = lambda fraction, message: None

    def __post_init__(self) -> None:
        object.__setattr__(self, "_end", time.monotonic() + self.limits.seconds)

    def seconds_left(self) -> float:
        """Unavailable when the time is up."""
        left = float(self._end) - time.monotonic()  # type: ignore[attr-defined]  # set by __post_init__
        if left <= 0:
            raise Unavailable(
                f"The source took longer than {self.limits.seconds:g} seconds; nothing was changed."
            )
        return left


@dataclass(frozen=True)
class Fetched:
    """A file in the folder of the ask, to be read by its name; `file` is None when nothing is new."""

    file: Path | None
    filename: str
    cursor: Mapping[str, Any] = field(default_factory=dict)
    reading: Reading = field(default_factory=Reading)
    appends: bool = False
    cursor_column: str = ""


class Kind(Protocol):
    """A kind of source; one object of each is in `kinds.KINDS`."""

    name: str
    title: str
    text: str

    @property
    def settings(self) -> Sequence[Setting]:
        """What forms show."""

    def check(self, config: Mapping[str, str]) -> None:
        """Invalid names the setting that cannot be used; nothing is asked of the network."""

    def fetch(self, ask: Ask) -> Fetched:
        """Write what is new since the last time."""


def checked(kind: Kind, config: Mapping[str, Any]) -> dict[str, str]:
    """The settings of that kind as texts, empty ones left out; Invalid names what is missing or not known."""
    known = {setting.name: setting for setting in kind.settings if not setting.secret}
    for name in config:
        if name not in known:
            raise Invalid(
                f"A source of the kind {kind.name} has no setting {str(name)[:60]!r}; known: {', '.join(known)}.",
                field=str(name)[:60],
            )
    found = {name: _text(config[name], name) for name in known if config.get(name) not in (None, "")}
    for setting in known.values():
        if setting.required and setting.name not in found:
            raise Invalid(f"'{setting.label}' is needed.", field=setting.name)
        if setting.choices and found.get(setting.name, setting.choices[0]) not in setting.choices:
            raise Invalid(f"'{setting.label}' is one of: {', '.join(setting.choices)}.", field=setting.name)
    kind.check(found)
    return found


def _text(value: Any, name: str) -> str:
    text = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    limit = 20_000 if name == "query" else LONGEST_TEXT
    if not isinstance(text, str) or len(text) > limit or "\x00" in text:
        raise Invalid(f"'{name}' is a text of at most {limit:,} characters.", field=name)
    return text.strip()


def number(config: Mapping[str, str], name: str, default: int, *, lowest: int, highest: int) -> int:
    """A setting that is a whole number."""
    value = config.get(name, "")
    if not value:
        return default
    if not (value.isascii() and value.isdecimal()) or not lowest <= int(value[:20]) <= highest:
        raise Invalid(f"'{name}' is a whole number from {lowest:,} to {highest:,}.", field=name)
    return int(value)


READING = (
    Setting("encoding", "Encoding", "Empty: found out. Otherwise utf-8, cp1252, utf-16, …"),
    Setting("delimiter", "Delimiter", "Of CSV.", choices=("", "comma", "semicolon", "tab", "pipe")),
    Setting("decimal", "Decimal sign", "Of numbers in text.", choices=("", ".", ",")),
    Setting("sheet", "Sheet", "Of an Excel workbook; empty: the first that is filled."),
    Setting("records", "Path to the records", "In JSON, such as data.items; empty: the document itself is the list."),
)  # fmt: skip
