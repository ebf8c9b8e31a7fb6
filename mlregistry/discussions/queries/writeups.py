"""Write-ups for pages and the API: lists, and what changed between two versions line by line."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from mlregistry.accounts.actor import Actor
from mlregistry.discussions import access
from mlregistry.discussions.models import WriteUp, WriteUpVersion

CONTEXT = 3  # lines around a change
MOST_LINES = 4_000
MOST_SHOWN = 200


@dataclass(frozen=True)
class DiffLine:
    """`sign` is "+", "-", " " or "…" for lines left out; numbers are those in the older and the newer text."""

    sign: str
    text: str = ""
    older: int | None = None
    newer: int | None = None


def newest(by: Actor, *, search: str = "") -> list[WriteUp]:
    """The newest two hundred whose title holds all words."""
    rows = access.writeups(by)
    for word in search.split()[:10]:
        rows = rows.filter(title__icontains=word.replace("\x00", ""))
    return list(rows.order_by("-updated_at", "-pk")[:MOST_SHOWN])


def diff(older: WriteUpVersion, newer: WriteUpVersion) -> list[DiffLine]:
    """By whole lines, three around each change; of texts over 4,000 lines, only their first."""
    a, b = older.text.splitlines()[:MOST_LINES], newer.text.splitlines()[:MOST_LINES]
    found: list[DiffLine] = []
    end_a = 0
    for group in SequenceMatcher(None, a, b).get_grouped_opcodes(CONTEXT):
        if group[0][1] > end_a:
            found.append(DiffLine("…"))
        for tag, a1, a2, b1, b2 in group:
            found += _lines(tag, a, b, (a1, a2), (b1, b2))
        end_a = group[-1][2]
    if found and end_a < len(a):
        found.append(DiffLine("…"))
    return found


def _lines(
    tag: str, a: list[str], b: list[str], old: tuple[int, int], new: tuple[int, int]
) -> Iterator[DiffLine]:
    if tag == "equal":
        for i, j in zip(range(*old), range(*new), strict=True):
            yield DiffLine(" ", a[i], i + 1, j + 1)
        return
    for i in range(*old):
        yield DiffLine("-", a[i], i + 1, None)
    for j in range(*new):
        yield DiffLine("+", b[j], None, j + 1)
