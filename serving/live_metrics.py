"""What only this process knows of itself, for /metrics: requests under way, rows that share a call. Registered when
the app is ready."""

from collections.abc import Iterator

from prometheus_client.core import REGISTRY, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from serving import live_routing
from serving.hotpath.combining import MOST_JOINED
from serving.hotpath.models import LoadedModel

BOUNDS = (1, 2, 4, 8, 16, 32, MOST_JOINED)
INSIDE = "mlregistry_prediction_requests_inside"
INSIDE_HELP = "Requests under way in the process that is scraped; a full queue is refused."
JOINED = "mlregistry_prediction_joined_rows"
JOINED_HELP = (
    "Rows in one call of a model that answers waiting requests together, in the process that is scraped."
)


class LiveCollector(Collector):
    """With the process as a label: another one, scraped next, has other figures."""

    def describe(self) -> list[Metric]:
        """Nothing is read at registration."""
        return []

    def collect(self) -> Iterator[Metric]:
        routing = live_routing.here()
        yield _inside(routing)
        yield _joined(routing)


def register() -> None:
    REGISTRY.register(LiveCollector())


def _inside(routing: live_routing.LiveRouting) -> Metric:
    metric = GaugeMetricFamily(INSIDE, INSIDE_HELP, labels=["team", "endpoint", "process"])
    inside = routing.admission.inside()
    for one in routing.snapshot.endpoints.values():
        metric.add_metric([one.team, one.name, routing.name], inside.get(one.id, 0))
    return metric


def _joined(routing: live_routing.LiveRouting) -> Metric:
    metric = HistogramMetricFamily(JOINED, JOINED_HELP, labels=["team", "model", "version", "process"])
    snapshot = routing.snapshot
    teams = {v.model.version_id: one.team for one in snapshot.endpoints.values() for v in one.variants}
    for handle in snapshot.handles():
        model = snapshot.models.get(handle.version_id)
        if isinstance(model, LoadedModel) and model.combiner is not None:
            sizes = list(model.combiner.sizes)
            labels = [teams[handle.version_id], handle.name, str(handle.version), routing.name]
            total = sum(size * n for size, n in enumerate(sizes))
            metric.add_metric(labels, _cumulative(sizes), total)
    return metric


def _cumulative(sizes: list[int]) -> list[tuple[str, float]]:
    """How many calls had at most so many rows."""
    found = [(f"{bound}.0", float(sum(sizes[: bound + 1]))) for bound in BOUNDS]
    return [*found, ("+Inf", found[-1][1])]
