"""Runs checks on a subject, one after the other, each timed; a check that breaks is a finding. The job calls it."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlregistry.errors import Invalid
from mlregistry.ml.model_tests.check import BLOCKS, Check
from mlregistry.ml.model_tests.result import BROKE, FAILED, Result, broke, failed, skipped
from mlregistry.ml.model_tests.subject import Subject

Report = Callable[[float, str], None]
Carry = Callable[[Check, Subject], Result]


@dataclass(frozen=True)
class Line:
    """One check with what it found."""

    check: Check
    result: Result
    seconds: float

    @property
    def stands_against(self) -> bool:
        """Whether it failed or broke."""
        return self.result.outcome in (FAILED, BROKE)

    def to_json(self) -> dict[str, Any]:
        one = self.check
        return {
            "name": one.name, "title": one.title, "group": one.group, "about": one.about, "severity": one.severity,
            **self.result.to_json(), "seconds": round(self.seconds, 4),
        }  # fmt: skip


def run(
    subject: Subject, checks: Sequence[Check], report: Report = lambda fraction, message: None, *,
    apart: Carry | None = None, is_apart: Callable[[Check], bool] = lambda check: False,
) -> Iterator[Line]:  # fmt: skip
    """The lines, as they are found. `apart` carries out those checks that have a process of their own."""
    for place, check in enumerate(checks):
        report(place / max(1, len(checks)), check.title)
        start = time.perf_counter()
        carry = apart if apart is not None and is_apart(check) else carried
        yield Line(check, carry(check, subject), time.perf_counter() - start)


def carried(check: Check, subject: Subject) -> Result:
    """What one check finds. What the model raises where it should answer counts against it."""
    if subject.kind not in check.kinds:
        return skipped(f"It is for {' and '.join(check.kinds)}; this is a {subject.kind}.")
    for need in check.needs:
        if why := subject.why_not(need):
            return skipped(why)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found: object = check.function(subject)
    except Invalid as error:
        return failed(f"The model refuses rows that it should answer: {error.message}")
    except MemoryError:
        return broke("It ran out of memory. Give the tests more, or take a smaller model.")
    except Exception as error:  # an estimator or a check of one's own may raise anything
        return broke(f"{type(error).__name__}: {' '.join(str(error).split())}"[:300])
    if not isinstance(found, Result):
        return broke("The check returns no Result. Return passed(…), failed(…) or skipped(…).")
    return found


def counts(lines: Sequence[Line]) -> dict[str, int]:
    """How many of each outcome, and how many of those that block stand against the version."""
    found = {"passed": 0, "failed": 0, "skipped": 0, "broke": 0, "warnings": 0}
    for line in lines:
        warns = line.stands_against and line.check.severity != BLOCKS
        found["warnings" if warns else line.result.outcome] += 1
    return found
