"""Names: checked text from people, and readable names for runs that have none. Called by the actions."""

from __future__ import annotations

import random
import re
from functools import lru_cache

from mlregistry.errors import Invalid

ADJECTIVES = (
    "able", "big", "bold", "bouncy", "bright", "calm", "capable", "caring", "casual", "charming", "classy",
    "clean", "dapper", "dashing", "fearless", "flawless", "funny", "gentle", "gifted", "kindly", "learned",
    "lyrical", "melodic", "nimble", "orderly", "peaceful", "placid", "polite", "rare", "serious", "silent",
    "sincere",
)  # fmt: skip
NOUNS = (
    "badger", "beech", "birch", "cedar", "crane", "dove", "falcon", "fern", "finch", "fox", "hare", "heron",
    "jay", "lark", "lynx", "maple", "marten", "moss", "oak", "otter", "owl", "pine", "plover", "raven",
    "robin", "sparrow", "stoat", "swan", "tern", "trout", "willow", "wren",
)  # fmt: skip
UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
UNFIT_IN_TEXT = re.compile(r"[\x00\ud800-\udfff]")
KEY = re.compile(r"[/\w.\- :]+")
MAX_KEY = 250


def clean_name(value: object, *, field: str = "name", max_length: int = 200) -> str:
    """One line of text without blanks around it; Invalid names the field."""
    if not isinstance(value, str) or not value.strip():
        raise Invalid("This may not be empty.", field=field)
    name = value.strip()
    if UNFIT.search(name):
        raise Invalid("Line breaks and control characters are not allowed here.", field=field)
    if len(name) > max_length:
        raise Invalid(
            f"'{field}' exceeds the maximum length of {max_length} characters: it has {len(name)}.",
            field=field,
        )
    return name


def clean_text(value: object, *, field: str, max_length: int = 100_000) -> str:
    """Text that may have several lines, or none; Invalid names the field."""
    if not isinstance(value, str):
        raise Invalid("This must be text.", field=field)
    if UNFIT_IN_TEXT.search(value):
        raise Invalid("NUL and lone surrogates are not allowed.", field=field)
    if len(value) > max_length:
        raise Invalid(
            f"'{field}' exceeds the maximum length of {max_length} characters: it has {len(value)}.",
            field=field,
        )
    return value


def clean_key(value: object, *, field: str) -> str:
    """The name of a param, metric or tag: letters, digits, _ - . / : and blanks, like a relative path."""
    if isinstance(value, str) and _is_key(value):
        return value
    if not isinstance(value, str) or not value:
        raise Invalid("A name may not be empty.", field=field)
    if len(value) > MAX_KEY:
        raise Invalid(
            f"'{field}' exceeds the maximum length of {MAX_KEY} characters: {value[:40]!r}…", field=field
        )
    if not KEY.fullmatch(value):
        raise _unfit(value, "letters, digits, '_', '-', '.', '/', ':' and blanks are allowed", field=field)
    raise _unfit(value, "there may be no empty, '.' or '..' parts between slashes", field=field)


@lru_cache(maxsize=4096)  # the same few keys are logged over and over
def _is_key(value: str) -> bool:
    return (
        len(value) <= MAX_KEY
        and KEY.fullmatch(value) is not None
        and not any(part in ("", ".", "..") for part in value.split("/"))
    )


def _unfit(value: str, rule: str, *, field: str) -> Invalid:
    return Invalid(
        f"Invalid value \"{value}\" for parameter '{field}' supplied: in a name {rule}.", field=field
    )


def random_name(chance: random.Random | None = None) -> str:
    """Such as gentle-otter-417; at most 20 characters."""
    pick = chance or random.SystemRandom()
    return f"{pick.choice(ADJECTIVES)}-{pick.choice(NOUNS)}-{pick.randrange(1000)}"


def numbered(name: str, taken: set[str]) -> str:
    """The name, or the name with the first free number behind it."""
    if name not in taken:
        return name
    number = 2
    while f"{name} {number}" in taken:
        number += 1
    return f"{name} {number}"
