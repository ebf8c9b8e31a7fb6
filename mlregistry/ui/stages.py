"""The nine stages of a problem's way, from its framing to a model that trains itself again.

Each entry of settings.PROBLEM_STAGES tells of some of them; the pages of a problem and an experiment show them all.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Model
from django.urls import reverse
from django.utils.module_loading import import_string

DONE, PART, MISSING = "done", "part", "missing"


@dataclass(frozen=True)
class Stage:
    """`evidence` says what is there; `route` is where to look, `deed` with `deed_route` what to do next.

    An `optional` stage may stay missing while the way goes on.
    """

    title: str
    state: str
    evidence: str
    route: str
    args: tuple[Any, ...] = ()
    deed: str = ""
    deed_route: str = ""
    deed_args: tuple[Any, ...] = ()
    deed_query: tuple[tuple[str, str], ...] = ()
    why: str = ""
    optional: bool = False

    @property
    def address(self) -> str:
        return reverse(self.route, args=self.args) if self.route else ""

    @property
    def deed_address(self) -> str:
        query = f"?{urlencode(self.deed_query)}" if self.deed_query else ""
        return reverse(self.deed_route, args=self.deed_args) + query if self.deed_route else ""


@dataclass(frozen=True)
class Way:
    """All stages in order, and the one to do next; None when nothing is missing."""

    stages: list[Stage]
    next: Stage | None

    @property
    def n_done(self) -> int:
        return sum(stage.state != MISSING for stage in self.stages)


def of_problem(problem: Model) -> Way:
    """A fixed number of statements, whatever the problem has."""
    stages = [stage for name in settings.PROBLEM_STAGES for stage in import_string(name)(problem)]
    offered = [stage for stage in stages if stage.deed_route]
    order = (
        [s for s in offered if s.state == MISSING and not s.optional],
        [s for s in offered if s.state == MISSING],
        [s for s in offered if s.state == PART],
    )
    return Way(stages, next((some[0] for some in order if some), None))


def counted(n: int, word: str, many: str = "", *, most: int | None = None) -> str:
    """“1 run”, “3 runs”, “over 1,000 runs” when it was counted no further than `most`."""
    text = f"over {most:,}" if most is not None and n > most else f"{n:,}"
    return f"{text} {word if n == 1 else many or word + 's'}"
