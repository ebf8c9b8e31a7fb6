"""Two versions of a dataset side by side, by their profiles: for the page, the API and the check of a new version."""

from dataclasses import dataclass

from experiments.models import DatasetProfile, DatasetVersion, Depth
from mlregistry.errors import Conflict
from mlregistry.ml.contracts import comparing
from mlregistry.ml.contracts.comparing import Difference
from mlregistry.ml.profiling.document import Profile

from . import contracts, profiles
from .contracts import Standing


@dataclass(frozen=True)
class Side:
    """A version, the profile that stands for it, and how it stands to the contract that holds."""

    version: DatasetVersion
    row: DatasetProfile
    profile: Profile
    standing: Standing


@dataclass(frozen=True)
class Compared:
    """What changed from one version to another, graded by the thresholds of the contract that holds."""

    left: Side
    right: Side
    difference: Difference

    @property
    def looked_alike(self) -> bool:
        """False when one profile looked deeper than the other, so that alerts may differ for that alone."""
        return _scope(self.left.row) == _scope(self.right.row)


def compared(left: DatasetVersion, right: DatasetVersion) -> Compared:
    """Conflict names the version that has no profile yet."""
    rows = _pair(left, right)
    standings = contracts.standings(right.dataset, [left, right])
    first, second = (
        Side(version, row, profiles.document(row), standings[version.pk])
        for version, row in zip((left, right), rows, strict=True)
    )
    contract = contracts.document(right.dataset)
    return Compared(first, second, comparing.compare(contract, first.profile, second.profile))


def _pair(left: DatasetVersion, right: DatasetVersion) -> tuple[DatasetProfile, DatasetProfile]:
    """Two that looked for the same, a full pair before a quick one; else the best of each."""
    first, second = _ready(left), _ready(right)
    pairs = [(one, other) for one in first for other in second if _scope(one) == _scope(other)]
    pairs.sort(key=lambda pair: pair[0].depth != Depth.FULL)
    return pairs[0] if pairs else (first[0], second[0])


def _ready(version: DatasetVersion) -> list[DatasetProfile]:
    rows = [row for row in profiles.profiles_of(version) if row.state == "ready"]
    if not rows:
        raise Conflict(f"Version {version.number} has no finished profile yet; ask for one first.")
    return sorted(rows, key=lambda row: row.depth != Depth.FULL)


def _scope(row: DatasetProfile) -> tuple[str, str]:
    return row.depth, row.target
