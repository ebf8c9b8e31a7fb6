"""Requirements of a trainer: names with one exact version each, nothing that pip would follow elsewhere."""

from __future__ import annotations

import hashlib
import re
import sys

from mlregistry.errors import Invalid

MOST = 100
PINNED = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]{0,80}[A-Za-z0-9])?)"
    r"(?:\[(?P<extras>[A-Za-z0-9._, -]{1,100})\])?\s*==\s*(?P<version>[A-Za-z0-9][A-Za-z0-9.+!_-]{0,60})"
)


def parse(text: str) -> list[str]:
    """The requirements in one form and order; Invalid names the line that is not `name==version`."""
    found: dict[str, str] = {}
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.partition("#")[0].strip() if raw.lstrip().startswith("#") or " #" in raw else raw.strip()
        if not line:
            continue
        match = PINNED.fullmatch(line)
        if match is None:
            raise Invalid(
                f"Line {number} of the requirements, {raw.strip()[:80]!r}, is not name==version. Addresses, options,"
                " paths and open versions are not taken.",
                field="requirements",
            )
        name = re.sub(r"[-_.]+", "-", match["name"]).lower()
        if name in found:
            raise Invalid(f"Line {number} of the requirements names {name} again.", field="requirements")
        extras = ",".join(sorted(part.strip() for part in (match["extras"] or "").split(",") if part.strip()))
        found[name] = f"{name}{f'[{extras}]' if extras else ''}=={match['version']}"
        if len(found) > MOST:
            raise Invalid(f"At most {MOST} requirements are taken.", field="requirements")
    return [found[name] for name in sorted(found)]


def digest(lines: list[str]) -> str:
    """Tells environments apart: the requirements, and the Python they are for."""
    python = f"{sys.implementation.cache_tag}-{sys.platform}"
    return hashlib.sha256("\n".join([python, *lines]).encode()).hexdigest()
