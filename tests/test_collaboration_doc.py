"""What docs/collaboration.md says is so: its kinds of blocks with their fields, its kinds of things, its limits."""

import re
from pathlib import Path

from mlregistry.discussions import prose
from mlregistry.discussions.actions import limits, writeups
from mlregistry.discussions.blocks import MOST_BLOCKS, blocks
from mlregistry.discussions.nouns import nouns
from mlregistry.discussions.queries.comments import MOST_THREADS

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "collaboration.md").read_text()


def test_the_table_of_blocks_is_true() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+)` \|.*\| (`.*`) \|$", PAGE, re.MULTILINE))
    told = {kind: re.findall(r"`([a-z]+)`", fields) for kind, fields in rows.items() if kind in blocks()}
    assert told == {kind: [one.name for one in block.fields] for kind, block in blocks().items()}


def test_every_kind_of_thing_is_named_with_its_short_form() -> None:
    assert [kind for kind in nouns() if f"`{kind}:" not in PAGE and f"`#{kind}/" not in PAGE] == []


def test_the_limits_are_those_of_the_code() -> None:
    for words in (
        f"{limits.LONGEST_TEXT:,} characters", f"{limits.MOST_IN_BURST} comments in five minutes",
        f"{limits.MOST_IN_DAY} a day", f"up to {limits.MOST_MENTIONED} people",
        f"up to {limits.MOST_TOLD_IN_HOUR} in an hour", f"at most {prose.MOST_CARDS} cards",
        f"draws {MOST_BLOCKS} of them",
        f"the {MOST_THREADS} newest threads",
        f"{writeups.LONGEST_TEXT:,} characters", f"{writeups.MOST_WRITEUPS:,} write-ups",
    ):  # fmt: skip
        assert words in " ".join(PAGE.split()), words
