"""/metrics tells of all of serving, docs/metrics.md lists exactly that, and the dashboard asks for nothing else.

`WRITE_DOCS=1 make test ARGS=tests/serving/test_metrics.py` writes the table of docs/metrics.md anew.
"""

import json
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import jsonschema
import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from mlregistry.accounts.actor import Actor
from mlregistry.jobs.models import Job
from models_app.models import Compilation
from serving import live_routing, metrics
from serving.actions.abtest_declarations import Declaration
from serving.actions.abtests import start_test
from serving.actions.shadows import add_shadow
from serving.hotpath.combining import Combiner
from serving.hotpath.models import LoadedModel
from serving.hotpath.records import new_id
from serving.hotpath.snapshot import Scorer, with_models
from serving.metric_families import FAMILIES
from serving.models import DriftCheck, Endpoint, LoadTest, RoutingEpoch, ServingWorker, UncountedPredictions
from tests.serving.conftest import ROW

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE, BOARD = DOCS / "metrics.md", DOCS / "grafana" / "mlregistry.json"
TABLE = re.compile(r"(?<=<!-- table -->\n).*?(?=<!-- end -->)", re.DOTALL)
NAME = re.compile(r"\bmlregistry_[a-z0-9_]+")
BY = re.compile(r"by \(([^)]*)\)")
LABEL = re.compile(r"([a-z_]+)\s*(?:=~|!~|!=|=)\s*\"")
PANEL = {
    "type": "object",
    "required": ["id", "type", "title", "gridPos"],
    "properties": {
        "id": {"type": "integer"},
        "type": {"enum": ["row", "timeseries", "stat"]},
        "gridPos": {
            "type": "object", "required": ["h", "w", "x", "y"],
            "properties": {"w": {"maximum": 24}, "x": {"minimum": 0, "maximum": 23}},
        },
        "targets": {
            "type": "array", "minItems": 1,
            "items": {"type": "object", "required": ["refId", "expr", "datasource", "legendFormat"]},
        },
    },
}  # fmt: skip
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["title", "uid", "schemaVersion", "panels", "templating", "time", "annotations"],
    "properties": {
        "uid": {"type": "string", "maxLength": 40},
        "schemaVersion": {"type": "integer", "minimum": 36},
        "panels": {"type": "array", "items": PANEL},
    },
}


@dataclass(frozen=True)
class Shown:
    """A metric as a scrape has it; `name` with what counters and histograms get in the output."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str
    samples: tuple[Sample, ...]


@pytest.fixture
def busy(endpoint: Endpoint, by: Actor) -> Endpoint:
    """An endpoint of which every metric has something to tell."""
    body = json.dumps({"dataframe_records": [ROW, ROW]}).encode()
    for text in (body, b"{"):
        live_routing.predict_as(by, "tumour", text, {"content-type": "application/json"})
    live_routing.here().flush_counts()
    ServingWorker.objects.create(
        name="a", host="h", pid=1, epoch=RoutingEpoch.objects.get().number, seen_at=timezone.now()
    )
    champion, challenger = endpoint.variants.all()
    Compilation.objects.update_or_create(
        version=champion.version, defaults={"report": {}, "n_rescored": 3, "n_mismatches": 1}
    )
    add_shadow(endpoint, "next", challenger.version, by=by)
    declared = Declaration(name="t", control="champion", mode="canary", guardrails={"error_rate": 0.02})
    start_test(endpoint, declared, by=by)
    figures = {"overall": {"p99": 0.025, "throughput": 90.0}}
    LoadTest.objects.create(
        endpoint=endpoint, version=champion.version, declared={"shape": "closed"}, figures=figures,
        histogram={}, verdict="passed", ended_at=timezone.now(),
    )  # fmt: skip
    now, id = timezone.now(), new_id()
    DriftCheck.objects.create(
        endpoint=endpoint, version=champion.version, since=now, until=now, at=now, n_compared=4, n_drifted=1
    )
    UncountedPredictions.objects.create(
        endpoint=endpoint, version=champion.version, first_request=id, last_request=id, numbers=[1, 2], at=now
    )
    Job.objects.create(kind="experiments.train", title="waits", team=by.team)
    _joined(3)
    return endpoint


def _joined(n_rows: int) -> None:
    """One call of so many rows by models that answer waiting requests together."""
    live = live_routing.here().live
    models: dict[int, Scorer] = {}
    for version_id, model in live.current.models.items():
        assert isinstance(model, LoadedModel)
        models[version_id] = replace(model, combiner=Combiner(model.score_natively))
    live.current = with_models(live.current, models)
    for loaded in models.values():
        assert isinstance(loaded, LoadedModel)
        assert loaded.combiner is not None
        loaded.combiner.score([ROW] * n_rows)


def scraped() -> dict[str, Shown]:
    """What is of this server, by name, as Prometheus reads the page."""
    found = {}
    for family in text_string_to_metric_families(Client().get("/metrics").content.decode()):
        if family.name.startswith("mlregistry_"):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            labels = tuple(label for sample in family.samples[:1] for label in sample.labels if label != "le")
            found[name] = Shown(name, family.type, labels, family.documentation, tuple(family.samples))
    return found


def samples() -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {}
    for shown in scraped().values():
        for sample in shown.samples:
            found.setdefault(sample.name, []).append(sample)
    return found


def markdown(found: dict[str, Shown]) -> str:
    lines = ["| metric | type | labels | meaning |", "|---|---|---|---|"]
    for one in found.values():
        lines.append(f"| `{one.name}` | {one.kind} | {', '.join(one.labels) or '–'} | {one.help} |")
    return "\n".join(lines) + "\n"


def test_a_scrape_tells_of_each_metric(busy: Endpoint) -> None:
    assert [one.name for one in scraped().values() if not one.samples] == []
    found = samples()
    requests = {
        sample.labels["status"]: sample.value for sample in found["mlregistry_prediction_requests_total"]
    }
    assert requests == {"200": 1, "400": 1}
    assert sum(sample.value for sample in found["mlregistry_prediction_rows_total"]) == 2
    assert sum(sample.value for sample in found["mlregistry_endpoint_weight_ratio"]) == pytest.approx(1)
    assert found["mlregistry_load_test_p99_seconds"][0].value == 0.025
    assert found["mlregistry_load_tests"][0].labels["verdict"] == "passed"
    assert found["mlregistry_compiled_mismatches_total"][0].value == 1
    assert found["mlregistry_ab_test_split_alarm"][0].value == 0
    assert found["mlregistry_prediction_log_waiting_bytes"][0].value > 0
    assert [sample.value for sample in found["mlregistry_prediction_requests_inside"]] == [0]
    calls = {
        sample.labels["le"]: sample.value for sample in found["mlregistry_prediction_joined_rows_bucket"]
    }
    assert calls == {"1.0": 0, "2.0": 0, "4.0": 1, "8.0": 1, "16.0": 1, "32.0": 1, "64.0": 1, "+Inf": 1}
    assert found["mlregistry_prediction_joined_rows_sum"][0].value == 3


def test_requests_under_way_are_counted_while_they_are(busy: Endpoint) -> None:
    admission = live_routing.here().admission
    admission.enter(busy.pk)
    assert [sample.value for sample in samples()["mlregistry_prediction_requests_inside"]] == [1]
    admission.leave(busy.pk, 0.1)
    assert [sample.value for sample in samples()["mlregistry_prediction_requests_inside"]] == [0]


def test_names_and_labels_follow_prometheus_conventions(busy: Endpoint) -> None:
    for one in scraped().values():
        assert NAME.fullmatch(one.name)
        assert not re.search(r"_(ms|milliseconds|kb|mb|percent)\b", one.name), one.name
        assert one.help.endswith("."), one.name
        assert not {"request_id", "unit", "user"} & set(one.labels), one.name
    assert all(family.labels == tuple(dict.fromkeys(family.labels)) for family in FAMILIES)


def test_a_scrape_goes_on_while_the_database_is_away(db: None) -> None:
    with patch.object(connection, "cursor", side_effect=OperationalError):
        assert Client().get("/metrics").status_code == 200


def test_a_metric_has_at_most_so_many_series(busy: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "MOST_SERIES", 1)
    assert len(samples()["mlregistry_endpoint_weight_ratio"]) == 1


def test_the_page_lists_exactly_these_metrics(busy: Endpoint) -> None:
    text = PAGE.read_text()
    found = markdown(scraped())
    wanted = TABLE.sub(lambda _: found, text)
    if os.environ.get("WRITE_DOCS"):
        PAGE.write_text(wanted)
    assert text == wanted or os.environ.get("WRITE_DOCS")


def _targets() -> list[tuple[str, str]]:
    board = json.loads(BOARD.read_text())
    return [
        (panel["title"], target["expr"]) for panel in board["panels"] for target in panel.get("targets", [])
    ]


def test_the_dashboard_is_whole() -> None:
    board = json.loads(BOARD.read_text())
    jsonschema.validate(board, SCHEMA)
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids)
    places = [tuple(panel["gridPos"][key] for key in "xywh") for panel in board["panels"]]
    assert all(x + w <= 24 for x, _, w, _ in places)
    variables = {variable["name"] for variable in board["templating"]["list"]}
    assert set(re.findall(r"\$\{?(?!__)([a-z]+)", BOARD.read_text())) == variables


def test_the_dashboard_asks_for_what_a_scrape_has(busy: Endpoint) -> None:
    found = samples()
    for title, expression in _targets():
        names = NAME.findall(expression)
        assert names, title
        assert [name for name in names if name not in found] == [], title
        labels = {label for name in names for sample in found[name] for label in sample.labels}
        assert set(LABEL.findall(expression)) <= labels, title
        grouped = {label.strip() for group in BY.findall(expression) for label in group.split(",")}
        assert grouped <= labels, title
    asked = {
        name.removesuffix("_bucket") for _, expression in _targets() for name in NAME.findall(expression)
    }
    assert {*asked} >= {f"{f.name}_total" if f.kind == "counter" else f.name for f in FAMILIES}
