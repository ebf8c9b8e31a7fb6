"""Two versions of a model side by side: params, metrics, signature, data, card, tests. For pages and the API."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from experiments.models import Param
from models_app.models import CardText, ModelVersion
from models_app.queries import gates
from models_app.queries import model_tests as tests
from models_app.queries.metric_directions import is_better
from models_app.queries.version_metrics import in_order, metrics_of

MOST_LINES = 300
DEEPEST = 6


@dataclass(frozen=True)
class Line:
    """`better`: whether the second is better, None where nobody can say; `change` is second minus first."""

    name: str
    first: Any
    second: Any
    change: float | None = None
    better: bool | None = None

    @property
    def same(self) -> bool:
        return bool(self.first == self.second)


@dataclass(frozen=True)
class Diff:
    """`signature` are sentences, none when both take and give the same. `tests` and `facts` have a line for each."""

    first: ModelVersion
    second: ModelVersion
    metrics: list[Line] = field(default_factory=list)
    params: list[Line] = field(default_factory=list)
    signature: list[str] = field(default_factory=list)
    card: list[Line] = field(default_factory=list)
    tests: list[Line] = field(default_factory=list)
    facts: list[Line] = field(default_factory=list)

    @property
    def n_params_differ(self) -> int:
        return sum(not line.same for line in self.params)

    def to_json(self) -> dict[str, Any]:
        parts = ("metrics", "params", "card", "tests", "facts")
        return {
            "first": self.first.number,
            "second": self.second.number,
            "signature": self.signature,
            **{part: [_plain(line) for line in getattr(self, part)] for part in parts},
        }


def diff_of(first: ModelVersion, second: ModelVersion) -> Diff:
    """A fixed number of queries."""
    values = metrics_of([first, second])
    problem = second.model.problem
    keys = in_order(values[first.pk].keys() | values[second.pk].keys(), problem)
    return Diff(
        first, second,
        metrics=[_metric(key, values[first.pk].get(key), values[second.pk].get(key), problem) for key in keys][
            :MOST_LINES
        ],
        params=_lines(_params(first), _params(second)),
        signature=signature_changes(first.served_signature, second.served_signature),
        card=_lines(_card(first), _card(second)), tests=_lines(_tests(first), _tests(second)),
        facts=_lines(_facts(first), _facts(second)),
    )  # fmt: skip


def signature_changes(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """What a client that suits the first would notice of the second."""
    if not first or not second:
        return [] if bool(first) == bool(second) else ["Only one of the two has a signature."]
    mine = {one["name"]: one for one in first.get("inputs", ())}
    theirs = {one["name"]: one for one in second.get("inputs", ())}
    found = [f"The column “{name}” is gone." for name in mine if name not in theirs]
    found += [f"The column “{name}” is new{_must(theirs[name])}." for name in theirs if name not in mine]
    for name in mine.keys() & theirs.keys():
        found += _column(name, mine[name], theirs[name])
    former, now = first.get("classes") or [], second.get("classes") or []
    if list(map(str, former)) != list(map(str, now)):
        found.append(f"The classes were {_listed(former)} and are {_listed(now)}.")
    return found[:MOST_LINES]


def _column(name: str, mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    found = []
    if mine.get("type") != theirs.get("type"):
        found.append(f"“{name}” was {mine.get('type')} and is {theirs.get('type')}.")
    if bool(mine.get("required")) != bool(theirs.get("required")):
        found.append(f"“{name}” {'must be given now' if theirs.get('required') else 'may be empty now'}.")
    gone = set(map(str, mine.get("categories") or ())) - set(map(str, theirs.get("categories") or ()))
    if gone:
        found.append(f"“{name}” was not trained on {_listed(sorted(gone))} any more.")
    return found


def _must(column: Mapping[str, Any]) -> str:
    return " and must be given" if column.get("required") else ""


def _listed(values: Any) -> str:
    named = [str(value) for value in values]
    return (", ".join(named[:6]) + (f" and {len(named) - 6} more" if len(named) > 6 else "")) or "none"


def _metric(key: str, first: float | None, second: float | None, problem: Any) -> Line:
    if first is None or second is None:
        return Line(key, first, second)
    return Line(key, first, second, second - first, is_better(key, second, first, problem))


def _lines(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Line]:
    """What differs comes first."""
    names = list(dict.fromkeys([*first, *second]))
    found = [Line(name, first.get(name), second.get(name)) for name in names]
    return sorted(found, key=lambda line: line.same)[:MOST_LINES]


def _params(version: ModelVersion) -> dict[str, Any]:
    """The recipe of a training here, leaf by leaf; the logged params of a client's run."""
    if version.run is None:
        return {}
    if version.run.recipe:
        return dict(list(_leaves(version.run.recipe))[:MOST_LINES])
    rows = Param.objects.filter(run_id=version.run.pk).order_by("key").values_list("key", "value")
    return dict(rows[:MOST_LINES])


def _leaves(value: Any, path: str = "", depth: int = 0) -> Any:
    if isinstance(value, dict) and value and depth < DEEPEST:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key), depth + 1)
    else:
        yield path, str(value) if isinstance(value, dict | list) else value


def _card(version: ModelVersion) -> dict[str, Any]:
    found = CardText.objects.filter(version=version).first()
    return {
        "Description": version.description or None,
        "Intended use": (found.intended_use or None) if found else None,
        "Limits": (found.limits or None) if found else None,
    }


def _tests(version: ModelVersion) -> dict[str, Any]:
    found = gates.standing(version)
    run = found.run or tests.newest_run(version)
    counts = run.counts if run is not None else {}
    against = [f"{one.title}: {one.sentence}" for one in gates.blocking(run)] if run is not None else []
    return {
        "Gate": found.state,
        "Checks passed": counts.get("passed"),
        "Checks failed": counts.get("failed"),
        "Warnings": counts.get("warnings"),
        "What blocks": " ".join(against[:5]) or None,
    }


def _facts(version: ModelVersion) -> dict[str, Any]:
    run = version.run
    data = run.dataset_version if run is not None else None
    sizes = [row.file.size for row in version.files.select_related("file")]
    return {
        "Estimator": (run.estimator or None) if run is not None else None,
        "Data": str(data) if data is not None else None,
        "Bytes of its files": sum(sizes) if sizes else None,
    }


def _plain(line: Line) -> dict[str, Any]:
    found = {"name": line.name, "first": line.first, "second": line.second}
    return found if line.change is None else {**found, "change": line.change, "better": line.better}
