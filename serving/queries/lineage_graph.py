"""Lineage as a graph around one thing: problem → data → run → version → endpoint. For its pages and the API.

At most so many boxes of a kind are drawn; how many more there are is said.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from experiments.models import Dataset, DatasetVersion, Problem, Run
from mlregistry.errors import NotFound
from mlregistry.lib.layered import Drawing, draw
from models_app.models import ModelVersion
from serving.models import Endpoint, Shadow, Variant

KINDS = ("problem", "data", "run", "version", "endpoint")
MOST = 12  # of a kind
LONGEST_TITLE = 20


@dataclass(frozen=True)
class Node:
    key: str
    kind: str
    title: str
    note: str
    link: str
    is_centre: bool = False

    @property
    def short(self) -> str:
        return self.title if len(self.title) <= LONGEST_TITLE else self.title[: LONGEST_TITLE - 1] + "…"


@dataclass
class Graph:
    """`centre` is a key, or a kind and a star. `more` says by kind how many are left out."""

    centre: str
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: dict[tuple[str, str], str] = field(default_factory=dict)
    more: dict[str, int] = field(default_factory=dict)

    def add(self, kind: str, pk: Any, title: str, link: str, note: str = "") -> str:
        key = f"{kind}:{pk}"
        self.nodes.setdefault(key, Node(key, kind, title, note, link, self.centre in (key, f"{kind}:*")))
        return key

    def join(self, first: str | None, second: str | None, label: str = "") -> None:
        if first and second:
            self.edges.setdefault((first, second), label)

    def layers(self) -> list[list[str]]:
        return [[node.key for node in self.nodes.values() if node.kind == kind] for kind in KINDS]

    def drawing(self) -> Drawing:
        return draw(self.layers(), list(self.edges), self.edges)

    def to_json(self) -> dict[str, Any]:
        return {
            "nodes": [
                {"id": one.key, "kind": one.kind, "name": one.title, "note": one.note, "link": one.link}
                for one in self.nodes.values()
            ],
            "edges": [{"from": a, "to": b, "label": label} for (a, b), label in self.edges.items()],
            "left_out": self.more,
        }


def around(kind: str, row: Any) -> Graph:
    """Of any thing that has lineage; NotFound for one of another kind."""
    of = GRAPHS.get(kind)
    if of is None:
        raise NotFound(
            f"There is no lineage of a {kind}; there is of {', '.join(GRAPHS)}. Of a model open one of its versions.",
            field="noun",
        )
    return of(row)


def of_problem(problem: Problem) -> Graph:
    graph = Graph(f"problem:{problem.pk}")
    _problem(graph, problem)
    return _forwards(graph, Run.objects.filter(problem=problem))


def of_dataset(dataset: Dataset) -> Graph:
    """Its newest version, and those that runs used."""
    graph = Graph("data:*")
    newest = (
        DatasetVersion.objects.filter(dataset=dataset).select_related("dataset").order_by("-number").first()
    )
    if newest is not None:
        _data(graph, newest)
    return _forwards(graph, Run.objects.filter(dataset_version__dataset=dataset))


def of_run(run: Run) -> Graph:
    return _forwards(Graph(f"run:{run.pk.hex}"), Run.objects.filter(pk=run.pk), whether_registered=False)


def of_version(version: ModelVersion) -> Graph:
    graph = Graph(f"version:{version.pk}")
    if version.run_id is None:
        problem = version.model.problem
        graph.join(_problem(graph, problem) if problem else None, _version(graph, version))
    return _versions(graph, ModelVersion.objects.filter(pk=version.pk), backwards=True)


def of_endpoint(endpoint: Endpoint) -> Graph:
    graph = Graph(f"endpoint:{endpoint.pk}")
    _endpoint(graph, endpoint)
    behind = Q(Exists(Variant.objects.filter(version=OuterRef("pk"), endpoint=endpoint)))
    behind |= Q(Exists(Shadow.objects.filter(version=OuterRef("pk"), endpoint=endpoint)))
    return _versions(graph, ModelVersion.objects.filter(behind), backwards=True)


def _forwards(graph: Graph, runs: QuerySet[Run], *, whether_registered: bool = True) -> Graph:
    """Runs that became versions; where none did, the newest of all."""
    rows = runs.select_related("problem", "dataset_version__dataset")
    chosen = rows
    if whether_registered:
        registered = rows.filter(Exists(ModelVersion.objects.filter(run=OuterRef("pk"))))
        chosen = registered if registered.exists() else rows
    found = list(chosen.order_by("-pk")[: MOST + 1])
    if len(found) > MOST:
        graph.more["run"] = chosen.count() - MOST
    for run in found[:MOST]:
        _run(graph, run)
    return _versions(graph, ModelVersion.objects.filter(run__in=found[:MOST]), backwards=False)


def _versions(graph: Graph, versions: QuerySet[ModelVersion], *, backwards: bool) -> Graph:
    rows = versions.select_related("model", "run__problem", "run__dataset_version__dataset").order_by("-pk")
    found = list(rows[: MOST + 1])
    if len(found) > MOST:
        graph.more["version"] = versions.count() - MOST
    for version in found[:MOST]:
        run = version.run
        key = f"run:{run.pk.hex}" if run is not None else None
        if backwards and run is not None:
            key = _run(graph, run)
        graph.join(key, _version(graph, version))
    return _endpoints(graph, found[:MOST])


def _endpoints(graph: Graph, versions: Sequence[ModelVersion]) -> Graph:
    """Those that the versions answer at, with their share of traffic, or that they shadow."""
    variants = Variant.objects.filter(version__in=versions).select_related("endpoint").order_by("endpoint_id")
    shadows = Shadow.objects.filter(version__in=versions).select_related("endpoint").order_by("endpoint_id")
    shares: dict[tuple[int, Endpoint], Decimal] = {}
    for variant in variants[: 4 * MOST]:
        place = variant.version_id, variant.endpoint
        shares[place] = shares.get(place, Decimal()) + variant.weight
    labels = {place: f"{float(share):g} %" for place, share in shares.items()}
    for shadow in shadows[: 4 * MOST]:
        labels.setdefault((shadow.version_id, shadow.endpoint), "shadow")
    shown = list(dict.fromkeys(endpoint for _, endpoint in labels))
    if len(shown) > MOST:
        graph.more["endpoint"] = len(shown) - MOST
    for (version_id, endpoint), label in labels.items():
        if endpoint in shown[:MOST]:
            graph.join(f"version:{version_id}", _endpoint(graph, endpoint), label)
    return graph


def _run(graph: Graph, run: Run) -> str:
    key = graph.add("run", run.pk.hex, run.name, reverse("experiments:run", args=[run.pk]), run.estimator)
    problem = _problem(graph, run.problem) if run.problem is not None else None
    data = _data(graph, run.dataset_version) if run.dataset_version is not None else None
    graph.join(problem, data or key)
    graph.join(data, key)
    return key


def _problem(graph: Graph, problem: Problem) -> str:
    link = reverse("experiments:problem", args=[problem.pk])
    return graph.add("problem", problem.pk, problem.name, link, problem.kind)


def _data(graph: Graph, version: DatasetVersion) -> str:
    link = reverse("experiments:dataset-version", args=[version.dataset_id, version.number])
    rows = f"{version.n_rows:,} rows"
    return graph.add("data", version.pk, f"{version.dataset.name} v{version.number}", link, rows)


def _version(graph: Graph, version: ModelVersion) -> str:
    link = reverse("models_app:version", args=[version.model.name, version.number])
    return graph.add("version", version.pk, f"{version.model.name} v{version.number}", link)


def _endpoint(graph: Graph, endpoint: Endpoint) -> str:
    link = reverse("serving:endpoint", args=[endpoint.name])
    return graph.add("endpoint", endpoint.pk, endpoint.name, link)


GRAPHS: Mapping[str, Callable[[Any], Graph]] = {
    "problem": of_problem, "dataset": of_dataset, "run": of_run, "version": of_version, "endpoint": of_endpoint,
}  # fmt: skip


def sentences(graph: Graph) -> list[tuple[Node, list[tuple[Node, str]]]]:
    """Each box with those that it leads to, for lists that are read aloud."""
    found: dict[str, list[tuple[Node, str]]] = {key: [] for key in graph.nodes}
    for (first, second), label in graph.edges.items():
        found[first].append((graph.nodes[second], label))
    return [(graph.nodes[key], found[key]) for key in _in_order(graph)]


def _in_order(graph: Graph) -> Iterable[str]:
    return [key for layer in graph.layers() for key in layer]
