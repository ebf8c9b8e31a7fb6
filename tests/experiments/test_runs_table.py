"""The runs table: which columns there are, pages, groups, files, and what its page shows and refuses."""

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from experiments.models import Experiment, LatestMetric, Param, Run, RunTag
from experiments.models.measurements import INDEXED_BYTES
from experiments.queries import runs_table, table_columns, table_groups
from experiments.queries.table_state import Column, column_of, equals, state_of
from mlregistry.accounts.models import User
from mlregistry.errors import Invalid, NotFound

Web = Callable[[User], Client]
Queries = Callable[..., Any]
AUC, DEPTH, OWNER = Column("metric", "auc"), Column("param", "depth"), Column("tag", "owner")


@pytest.fixture
def runs(experiment: Experiment) -> list[Run]:
    return made(experiment, 6)


def made(experiment: Experiment, n: int) -> list[Run]:
    """Run number i is i hours old, has auc i / 10 (the last one NaN) and depth i % 2; every third an owner."""
    now = timezone.now()
    runs = [
        Run(experiment=experiment, name=f"run {i}", started_at=now - timedelta(hours=i), user_name="bob",
            ended_at=now - timedelta(hours=i, minutes=-1), status="FINISHED")
        for i in range(n)
    ]  # fmt: skip
    Run.objects.bulk_create(runs)
    Param.objects.bulk_create(
        Param(run=run, experiment=experiment, key="depth", value=str(i % 2)) for i, run in enumerate(runs)
    )
    LatestMetric.objects.bulk_create(
        LatestMetric(run=run, experiment=experiment, key="auc", timestamp=0, value=0 if i == n - 1 else i / 10,
                     is_nan=i == n - 1, minimum=i / 20, maximum=i / 5)
        for i, run in enumerate(runs)
    )  # fmt: skip
    RunTag.objects.bulk_create(
        RunTag(run=run, experiment=experiment, key="owner", value="=risk") for run in runs[::3]
    )
    return runs


def seen(client: Client, experiment: Experiment, **words: Any) -> str:
    answer = client.get(f"/experiments/{experiment.pk}/runs?{urlencode(words, doseq=True)}")
    assert answer.status_code == 200
    return str(answer.content.decode())


def names(text: str) -> list[str]:
    return re.findall(r'title="(run \d+)"', text)


def test_columns_are_what_the_runs_have(experiment: Experiment, runs: list[Run]) -> None:
    found = table_columns.keys(experiment)
    assert (found.metrics, found.params, found.tags, found.is_cut) == (["auc"], ["depth"], ["owner"], False)
    assert table_columns.values(experiment, DEPTH, "") == ["0", "1"]
    assert table_columns.values(experiment, OWNER, "=r") == ["=risk"]
    assert table_columns.values(experiment, DEPTH, "2") == []
    assert table_columns.values(experiment, AUC, "") == []
    assert table_columns.usual(experiment)[-2:] == (AUC, DEPTH)


def test_too_many_keys_are_said_to_be_cut(
    experiment: Experiment, runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    RunTag.objects.bulk_create(
        RunTag(run=runs[0], experiment=experiment, key=f"k{i}", value="v") for i in range(5)
    )
    monkeypatch.setattr(table_columns, "MOST_KEYS", 3)
    found = table_columns.keys(experiment)
    assert (found.tags, found.is_cut) == (["k0", "k1", "k2"], True)


@pytest.mark.parametrize(
    "name",
    [
        "metrics.auc",
        "min(metrics.`val loss`)",
        "params.a.b",
        "tags.`x-y`",
        "attributes.status",
        "attributes.duration_seconds",
        'params."a`b"',
    ],
)
def test_a_column_reads_its_own_name(name: str) -> None:
    assert column_of(name).name == name
    assert column_of(column_of(name).name) == column_of(name)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"columns": ["nonsense"]}, "columns"), ({"columns": ["metrics.a"] * 61}, "columns"),
        ({"columns": "metrics.a"}, "columns"), ({"columns": [3]}, "columns"), ({"since": "1y"}, "since"),
        ({"order": ["metrics.a DOWN"]}, "order_by"), ({"order": ["a"] * 4}, "order"), ({"filter": 3}, "filter"),
        ({"group": ["metrics.auc"]}, "group"), ({"pinned": -1}, "pinned"), ({"pinned": "x"}, "pinned"),
        ({"widths": ["a"]}, "widths"), ({"widths": [1] * 80}, "widths"), ({"colour": "red"}, "state"),
        ({"filter": "x" * 5001}, "filter"),
    ],
)  # fmt: skip
def test_a_wrong_state_names_what_is_wrong(given: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        state_of(given)
    assert refused.value.field == field


def test_widths_are_held_to_what_can_be_read() -> None:
    assert state_of({"columns": ["metrics.a"], "widths": [5, 0, 9000], "pinned": 7}).widths == (60, 0, 800)
    assert state_of({"columns": ["metrics.a"], "pinned": 7}).pinned == 1


def test_pages_follow_one_another_to_the_last_run(
    web: Web, bob: User, experiment: Experiment, runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs_table, "PAGE_ROWS", 4)
    client = web(bob)
    state, now = state_of({"since": "24h", "columns": ["metrics.auc"]}), timezone.now()
    page = runs_table.page(experiment.team, experiment, state, now=now, limit=4)
    rest = runs_table.page(experiment.team, experiment, state, now=now, token=page.token, limit=4)
    assert [row.run.pk for row in (*page.rows, *rest.rows)] == [run.pk for run in runs]
    assert rest.token == ""
    first = seen(client, experiment, since="24h")
    (next_words,) = re.findall(r'data-next="([^"]+)"', first)
    address = f"/experiments/{experiment.pk}/runs/rows?{next_words.replace('&amp;', '&')}"
    second = client.get(address).content.decode()
    assert names(first) + names(second) == [run.name for run in runs]


def test_the_table_shows_chosen_columns_filtered_and_sorted(
    web: Web, bob: User, experiment: Experiment, runs: list[Run]
) -> None:
    words = {"columns": ["metrics.auc", "max(metrics.auc)", "tags.owner", "attributes.duration_seconds"]}
    text = seen(web(bob), experiment, **words, filter="params.depth = '1'", order="metrics.auc DESC")
    assert names(text) == ["run 3", "run 1", "run 5"]
    assert ">0.3000<" in text
    assert ">0.6000<" in text
    assert "=risk" in text
    assert ">NaN<" in text
    assert 'aria-sort="descending"' in text
    assert "metrics.auc+ASC" in text.replace("%20", "+")
    assert "order=attributes.duration_seconds+DESC" in text.replace("%20", "+")


def test_a_time_range_leaves_out_what_is_older(
    web: Web, bob: User, experiment: Experiment, runs: list[Run]
) -> None:
    Run.objects.filter(pk=runs[5].pk).update(started_at=timezone.now() - timedelta(days=3))
    assert "run 5" not in seen(web(bob), experiment, since="24h")
    assert "run 5" in seen(web(bob), experiment, since="7d")


def test_a_mistake_in_the_filter_is_marked_where_it_is(
    web: Web, bob: User, experiment: Experiment, runs: list[Run]
) -> None:
    text = seen(web(bob), experiment, filter="metrics.auc > 0.1 AND foo.x = <3")
    assert "AND <mark>foo.x</mark> = &lt;3" in text
    assert "Invalid entity type" in text
    assert 'data-wrong-from="22"' in text
    assert "best() follows" in seen(web(bob), experiment, filter="best(metrics.auc) > 0.1")
    assert "no column" not in seen(web(bob), experiment, columns=["bad.thing"])
    assert "A column is named as" in seen(web(bob), experiment, columns=["bad.thing"])


def test_groups_have_their_number_mean_and_spread(
    web: Web, bob: User, experiment: Experiment, runs: list[Run]
) -> None:
    state = state_of({"columns": ["metrics.auc"], "group": ["params.depth", "tags.owner"]})
    found = table_groups.groups(experiment.team, experiment, state, now=timezone.now())
    # auc 0, 0.1 … 0.4, NaN; depth by turns; runs 0 and 3 have an owner.
    by_values = {group.values: group for group in found.groups}
    assert {values: group.n for values, group in by_values.items()} == {
        ("0", None): 2, ("1", None): 2, ("0", "=risk"): 1, ("1", "=risk"): 1,
    }  # fmt: skip
    (both,) = by_values["0", None].measures
    assert (both.n, both.low, both.high) == (2, 0.2, 0.4)
    assert both.mean == pytest.approx(0.3)
    assert both.deviation == pytest.approx(0.1414213562)
    (one,) = by_values["1", None].measures
    assert (one.n, one.deviation) == (1, None)
    assert one.mean == pytest.approx(0.1)
    assert by_values["0", None].filter == "params.depth IN ('0') AND tags.owner IS NULL"
    text = seen(web(bob), experiment, columns="metrics.auc", group=["params.depth"])
    assert "0.2000 ± 0.2000" in text
    assert "0.0000" not in text
    (address,) = re.findall(r'data-expand="([^"]+)"', text)[1:]
    inside = web(bob).get(address.replace("&amp;", "&")).content.decode()
    assert all(f">run {i}<" in inside for i in (1, 3, 5))


def test_groups_are_ordered_as_the_table_is_and_infinity_spoils_no_mean(
    experiment: Experiment, runs: list[Run]
) -> None:
    LatestMetric.objects.filter(run=runs[4]).update(value=1.7976931348623157e308)
    state = state_of({"columns": ["metrics.auc"], "group": ["params.depth"], "order": ["metrics.auc ASC"]})
    found = table_groups.groups(experiment.team, experiment, state, now=timezone.now())
    assert [group.values for group in found.groups] == [("0",), ("1",)]
    assert found.groups[0].measures[0].n == 2


def test_groups_of_very_many_runs_are_shown_before_they_are_measured(
    web: Web, bob: User, experiment: Experiment, runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = {"columns": ["metrics.auc"], "group": ["params.depth"], "order": ["metrics.auc DESC"]}
    assert "data-measures" not in seen(web(bob), experiment, **words)
    monkeypatch.setattr(table_groups, "MANY", 5)
    early = seen(web(bob), experiment, **words)
    assert "0.2000 ± 0.2000" not in early
    assert early.count(">3<") == 2
    assert early.count(">…<") == 4
    (query,) = re.findall(r'data-measures="\?([^"]+)"', early)
    address = f"/experiments/{experiment.pk}/runs?{query.replace('&amp;', '&')}"
    late = web(bob).get(address, headers={"HX-Request": "true"}).content.decode()
    assert "0.2000 ± 0.2000" in late
    assert "data-measures" not in late
    assert ">…<" not in late
    # Nothing is to be measured where no metric is shown.
    assert "data-measures" not in seen(web(bob), experiment, columns="tags.owner", group=["params.depth"])


def test_very_many_runs_are_measured_metric_by_metric(
    web: Web, bob: User, experiment: Experiment, runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics = ["metrics.auc", "min(metrics.auc)", "max(metrics.auc)"]
    words = {"columns": metrics, "group": ["params.depth"]}
    whole = table_groups.groups(experiment.team, experiment, state_of(words), now=timezone.now())
    monkeypatch.setattr(table_groups, "MANY", 5)
    page, cells = seen(web(bob), experiment, **words), []
    while queries := re.findall(r'data-measures="\?([^"]+)"', page):
        address = f"/experiments/{experiment.pk}/runs?{queries[0].replace('&amp;', '&')}"
        page = web(bob).get(address, headers={"HX-Request": "true"}).content.decode()
        assert page.count(">…<") == 2 * 2 * 2  # of two groups two metrics wait
        cells += re.findall(r'title="([0-9]) runs have it; from ([^ ]+) to ([^"]+)"', page)[::2]
    told = [
        (str(one.n), repr(one.low), repr(one.high))
        for place in range(3)
        for group in whole.groups
        for one in [group.measures[place]]
    ]
    assert cells == told


def test_the_metric_that_orders_very_many_groups_is_measured_with_each(
    experiment: Experiment, runs: list[Run]
) -> None:
    LatestMetric.objects.filter(run=runs[1]).update(maximum=9)
    words = {"columns": ["metrics.auc", "max(metrics.auc)"], "group": ["params.depth"]}
    for way, first in (("ASC", "0"), ("DESC", "1")):
        state = state_of(words | {"order": [f"max(metrics.auc) {way}"]})
        for place, places in ((0, (0, 1)), (1, (1,))):
            found = table_groups.groups(
                experiment.team, experiment, state, now=timezone.now(), measure=(place,)
            )
            assert found.places == places
            assert found.groups[0].values == (first,)


def test_long_values_are_groups_as_short_ones_are(experiment: Experiment, runs: list[Run]) -> None:
    long = "ä" * INDEXED_BYTES
    Param.objects.filter(run=runs[0]).update(value=long)
    Param.objects.filter(run=runs[2]).update(value=f"{long}!")
    Param.objects.filter(run=runs[3]).delete()
    state = state_of({"columns": ["metrics.auc"], "group": ["params.depth"]})
    found = table_groups.groups(experiment.team, experiment, state, now=timezone.now())
    assert {group.values[0]: group.n for group in found.groups} == {
        long: 1, f"{long}!": 1, "0": 1, "1": 2, None: 1,
    }  # fmt: skip


def test_a_filter_holds_for_groups_and_their_figures(experiment: Experiment, runs: list[Run]) -> None:
    words = {"columns": ["metrics.auc"], "group": ["attributes.status"], "filter": "params.depth = '0'"}
    (group,) = table_groups.groups(experiment.team, experiment, state_of(words), now=timezone.now()).groups
    assert (group.values, group.n) == (("FINISHED",), 3)
    assert (group.measures[0].n, group.measures[0].high) == (3, 0.4)


def test_a_group_that_the_grammar_cannot_name_is_not_opened() -> None:
    assert equals(DEPTH, "it's") == "params.depth IN ('it''s')"
    assert equals(DEPTH, "back\\slash") is None
    assert equals(Column("attribute", "status"), "FAILED") == "attributes.status IN ('FAILED')"


def test_keys_values_and_counts_are_told_to_the_script(
    web: Web, bob: User, experiment: Experiment, runs: list[Run]
) -> None:
    client, address = web(bob), f"/experiments/{experiment.pk}/runs"
    assert client.get(f"{address}/columns").json()["metric"] == [["metrics.auc", "auc"]]
    assert client.get(f"{address}/values?name=params.depth").json() == {"values": ["0", "1"]}
    assert client.get(f"{address}/values?name=no+name").status_code == 400
    assert client.get(f"{address}/count?filter=params.depth='1'").json() == {"n": 3}
    ids = client.get(f"{address}/chosen?filter=params.depth='1'").json()["runs"]
    assert set(ids) == {run.pk.hex for run in runs[1::2]}
    assert client.get(f"{address}/chosen?filter=x").status_code == 400
    assert client.get(f"{address}/rows?now=soon").status_code == 400


def test_no_more_runs_are_selected_than_can_be_acted_on(
    web: Web, bob: User, experiment: Experiment, runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs_table, "MOST_CHOSEN", 3)
    answer = web(bob).get(f"/experiments/{experiment.pk}/runs/chosen")
    assert answer.status_code == 400
    assert "narrow the filter" in answer.json()["error"]


def test_a_file_holds_all_that_match_and_nothing_a_spreadsheet_would_calculate(
    web: Web, bob: User, vera: User, experiment: Experiment, runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs_table, "EXPORTED_AT_ONCE", 2)
    words = {"columns": ["metrics.auc", "tags.owner"], "order": "attributes.start_time ASC"}
    answer = web(vera).post(f"/experiments/{experiment.pk}/runs/export", words)
    lines = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))  # type: ignore[attr-defined]  # the stubs know no streamed answers
    assert lines[0] == ["run_id", "run_name", "metrics.auc", "tags.owner"]
    assert [line[1] for line in lines[1:]] == [f"run {i}" for i in reversed(range(6))]
    assert lines[-1][2:] == ["0.0", "'=risk"]
    chosen = {"columns": "metrics.auc", "runs": f"{runs[2].pk.hex},{runs[0].pk.hex}"}
    answer = web(bob).post(f"/experiments/{experiment.pk}/runs/export", chosen)
    lines = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))  # type: ignore[attr-defined]  # the stubs know no streamed answers
    assert [line[1] for line in lines[1:]] == ["run 2", "run 0"]
    foreign = Run.objects.create(experiment=Experiment.objects.create(team=experiment.team, name="x"))
    rows = runs_table.exported(
        experiment.team, experiment, state_of({}), now=timezone.now(), only=[foreign.pk]
    )
    with pytest.raises(NotFound):
        next(rows)


def test_the_number_of_queries_is_the_same_for_many_runs(
    web: Web, bob: User, experiment: Experiment, django_assert_max_num_queries: Queries
) -> None:
    client = web(bob)
    address = f"/experiments/{experiment.pk}/runs?columns=metrics.auc&columns=params.depth&columns=tags.owner"
    made(experiment, 4)
    client.get(address)
    with django_assert_max_num_queries(20) as few:
        client.get(address)
    made(experiment, 60)
    with django_assert_max_num_queries(20) as many:
        client.get(address)
    assert len(many) == len(few)


def test_another_teams_runs_are_nowhere(
    web: Web, charlie: User, experiment: Experiment, runs: list[Run]
) -> None:
    client, address = web(charlie), f"/experiments/{experiment.pk}/runs"
    for part in ("", "/rows", "/count", "/chosen", "/columns", "/values"):
        assert client.get(address + part).status_code == 404


def test_an_old_link_with_a_filter_leads_to_the_table(web: Web, bob: User, experiment: Experiment) -> None:
    answer = web(bob).get(f"/experiments/{experiment.pk}/?filter=status+%3D+'FAILED'")
    assert answer["Location"].startswith(f"/experiments/{experiment.pk}/runs?filter=")
