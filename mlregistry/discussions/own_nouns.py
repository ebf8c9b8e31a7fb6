"""The noun of this app itself: write-ups may be talked about, watched and linked too. Named in settings.NOUNS."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse

from mlregistry.discussions import access
from mlregistry.discussions.nouns import Noun, Standing, by_number


def _standings(rows: Sequence[Any]) -> Mapping[Any, Standing]:
    return {row.pk: Standing(figure=f"version {row.last_number}") for row in rows}


WRITEUP = Noun(
    kind="writeup", word="write-up", model="discussions.writeup", rows=access.writeups, by_handles=by_number,
    handle=lambda row: str(row.pk), address=lambda row: reverse("discussions:writeup", args=[row.pk]),
    routes={
        "discussions:writeup": lambda found: str(found["writeup_id"]),
        "discussions:writeup-version": lambda found: str(found["writeup_id"]),
    },
    standings=_standings,
)  # fmt: skip
