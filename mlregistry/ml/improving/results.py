"""What an improvement study found, as frozen values and as JSON. Made by the study, kept by the job, read by pages."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlregistry.ml.comparing.paired import Estimate

BETTER, WORSE, UNCLEAR, FAILED, UNTRIED = "better", "worse", "no difference shown", "failed", "not tried"
ALPHA = 0.05


@dataclass(frozen=True)
class Trial:
    """One proposal over the folds. `difference` is to the unchanged recipe, positive for the better; `p` is adjusted
    for all that were tried (Holm). `live` is its difference on labelled rows of the traffic, which chooses nothing.
    `error` says why it failed or was not tried."""

    key: str
    verdict: str
    score: Estimate | None = None
    difference: Estimate | None = None
    p: float | None = None
    p_adjusted: float | None = None
    live: Estimate | None = None
    seconds: float = 0.0
    error: str = ""


@dataclass(frozen=True)
class Addition:
    """A step of the greedy search: what joined, and what all so far are worth together."""

    key: str
    difference: Estimate


@dataclass(frozen=True)
class Check:
    """The winner against the unchanged recipe on rows that no choice has seen: the metric of both, and the paired
    difference (positive for the better) with its bootstrap interval. `why_not` where there was nothing to check on."""

    n: int
    unchanged: float | None = None
    winner: float | None = None
    difference: Estimate | None = None
    p: float | None = None
    why_not: str = ""

    @property
    def verdict(self) -> str:
        if self.difference is None:
            return UNTRIED
        return BETTER if self.difference.low > 0 else WORSE if self.difference.high < 0 else UNCLEAR


@dataclass(frozen=True)
class Result:
    """`recipe` is the winner's, None when nothing beats the unchanged one."""

    metric: str
    metric_title: str
    direction: str
    n_rows: int
    n_folds: int
    held_share: float
    unchanged: Estimate
    trials: list[Trial]
    additions: list[Addition]
    recipe: dict[str, Any] | None
    held_out: Check
    live: Check
    seconds: float
    advice: str
    warnings: list[str] = field(default_factory=list)

    @property
    def winner(self) -> list[str]:
        """The keys of the proposals in it."""
        return [addition.key for addition in self.additions]

    def to_json(self) -> dict[str, Any]:
        checks = {name: getattr(self, name) for name in ("held_out", "live")}
        told = {name: {**asdict(check), "verdict": check.verdict} for name, check in checks.items()}
        return asdict(self) | told | {"winner": self.winner}
