"""The page of a run: what it shows, what people change on it, looks inside its files; a constant number of queries."""

import io
import json
from collections.abc import Callable

import duckdb
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from experiments.actions import logging, run_tags
from experiments.actions.artifacts import save_artifact
from experiments.actions.experiments import create_experiment
from experiments.actions.measurements import Metric
from experiments.actions.runs import create_run, finish_run
from experiments.models import Artifact, Run
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.jobs.models import Job, State

pytestmark = pytest.mark.django_db
Web = Callable[[User], Client]


@pytest.fixture
def by(bob: User, actor_of: Callable[..., Actor]) -> Actor:
    return actor_of(bob)


@pytest.fixture
def run(by: Actor) -> Run:
    run = create_run(create_experiment("sweep", by=by), name="first", by=by)
    metrics = [Metric(key, 1 / (step + 1), step) for key in ("train/loss", "val/loss") for step in range(3)]
    metrics += [Metric("system/cpu_utilization_percentage", 50.0, step) for step in range(3)]
    logging.log_batch(
        run.pk, metrics=[*metrics, Metric("n_rows", 10.0)], params={"depth": "3"}, tags={"a": "b"}, by=by
    )
    return run


def kept(run: Run, path: str, content: bytes, by: Actor) -> Artifact:
    return save_artifact(run, path, io.BytesIO(content), by=by)


def look(client: Client, artifact: Artifact) -> str:
    answer = client.get(f"/runs/{artifact.run_id}/artifacts/{artifact.pk}/preview")
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def block(text: str, name: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(
        text.split(f'id="{name}" type="application/json">')[1].split("</script>")[0]
    )
    return found


@pytest.mark.parametrize("shape", ["/runs/{0}/", "/runs/{0}", "/t/lab/runs/{0}/"])
def test_an_id_without_dashes_leads_to_its_run(run: Run, bob: User, web: Web, shape: str) -> None:
    answer = web(bob).get(shape.format(run.pk.hex), follow=True)
    assert answer.status_code == 200
    assert answer.redirect_chain[-1][0].endswith(f"/runs/{run.pk}/")


@pytest.mark.parametrize("text", ["0" * 32, "first", "x" * 300])
def test_what_is_no_id_of_a_run_is_not_there(run: Run, bob: User, web: Web, text: str) -> None:
    assert web(bob).get(f"/runs/{text}/").status_code == 404


def test_an_id_without_dashes_tells_another_team_nothing(run: Run, charlie: User, web: Web) -> None:
    assert web(charlie).get(f"/runs/{run.pk.hex}/").status_code == 404


def test_curves_are_told_apart_from_single_values_and_from_the_machine(
    web: Web, vera: User, run: Run
) -> None:
    text = web(vera).get(f"/runs/{run.pk}/").content.decode()
    assert block(text, "curves-setup")["keys"] == ["train/loss", "val/loss"]
    assert block(text, "system-setup")["keys"] == ["system/cpu_utilization_percentage"]


def test_only_a_run_that_has_not_ended_names_the_address_of_its_news(
    web: Web, bob: User, run: Run, by: Actor
) -> None:
    client = web(bob)
    text = client.get(f"/runs/{run.pk}/").content.decode()
    assert block(text, "run-live") == {
        "is_live": True, "changes": Run.objects.get(pk=run.pk).changes, "address": f"/api/v1/runs/{run.pk}/live"
    }  # fmt: skip
    finish_run(run, "FINISHED", by=by)
    text = client.get(f"/runs/{run.pk}/").content.decode()
    assert "run-live" not in text
    assert "every 2s" not in text
    assert f"/runs/{run.pk}/cancel" not in text


def test_the_page_costs_the_same_queries_whatever_was_logged(
    web: Web, vera: User, run: Run, by: Actor
) -> None:
    client = web(vera)
    client.get(f"/runs/{run.pk}/")
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(f"/runs/{run.pk}/")
    logging.log_batch(
        run.pk,
        metrics=[Metric(f"m/{i}", 0.5, step) for i in range(40) for step in range(3)],
        params={f"p{i}": "1" for i in range(40)},
        tags={f"t{i}": "1" for i in range(40)},
        by=by,
    )
    for i in range(5):
        kept(run, f"f{i}.txt", b"x", by)
    with CaptureQueriesContext(connection) as many:
        client.get(f"/runs/{run.pk}/")
    assert len(many) == len(few)
    assert len(many) <= 40


def test_tags_are_set_and_deleted_on_the_page(web: Web, bob: User, vera: User, run: Run) -> None:
    client, address = web(bob), f"/runs/{run.pk}/tags"
    answer = client.post(address, {"key": "stage", "value": "draft"})
    assert answer["Location"] == f"/runs/{run.pk}/#tags"
    client.post(address, {"key": "a", "action": "delete"})
    assert dict(run.tags.values_list("key", "value")) == {"stage": "draft"}
    assert web(vera).post(address, {"key": "stage", "value": "x"}).status_code == 403
    client.post(address, {"key": "stage", "value": "x" * (run_tags.MAX_TAG + 1)})
    client.post(address, {"key": "", "value": "x"})
    assert dict(run.tags.values_list("key", "value")) == {"stage": "draft"}


def test_a_run_is_stopped_through_its_job_or_by_itself(web: Web, bob: User, run: Run, by: Actor) -> None:
    client, address = web(bob), f"/runs/{run.pk}/cancel"
    job = Job.objects.create(team=by.team, kind="x", title="X", state=State.RUNNING)
    Run.objects.filter(pk=run.pk).update(job=job)
    client.post(address)
    assert Job.objects.get(pk=job.pk).cancel_requested_at is not None
    Run.objects.filter(pk=run.pk).update(job=None)
    client.post(address)
    assert Run.objects.get(pk=run.pk).status == "KILLED"
    text = client.post(address, follow=True).content.decode()
    assert "The run has ended already" in text


def test_tables_are_looked_into_as_tables(
    web: Web, vera: User, run: Run, by: Actor, tmp_path: object
) -> None:
    client = web(vera)
    for path, content in (
        ("t.csv", b"name,n\n<b>x</b>,1\n"),
        ("t.tsv", b"name\tn\n<b>x</b>\t1\n"),
        ("t.json", b'[{"name": "<b>x</b>", "n": 1}]'),
        ("t.jsonl", b'{"name": "<b>x</b>", "n": 1}\n'),
        ("m.json", b'{"columns": ["name", "n"], "data": [["<b>x</b>", 1]]}'),
    ):
        text = look(client, kept(run, path, content, by))
        assert '<th scope="col">name</th><th scope="col">n</th>' in text, path
        assert "<td>&lt;b&gt;x&lt;/b&gt;</td><td>1</td>" in text, path
    duckdb.execute(f"COPY (SELECT 'x' AS name, 1 AS n) TO '{tmp_path}/t.parquet' (FORMAT parquet)")
    with open(f"{tmp_path}/t.parquet", "rb") as file:
        assert "<td>x</td><td>1</td>" in look(client, kept(run, "t.parquet", file.read(), by))
    lines = b"n\n" + b"\n".join(b"%d" % i for i in range(200))
    text = look(client, kept(run, "long.csv", lines, by))
    assert text.count("<tr>") == 51
    assert "Only the beginning" in text


def test_what_is_no_table_is_shown_as_text_or_refused(web: Web, vera: User, run: Run, by: Actor) -> None:
    client = web(vera)
    assert "&quot;a&quot;: 1" in look(client, kept(run, "plain.json", b'{"a": 1}', by))
    assert "{broken" in look(client, kept(run, "broken.json", b"{broken", by))
    assert "<strong>bold</strong>" in look(client, kept(run, "notes.md", b"**bold** <script>", by))
    broken = kept(run, "broken.parquet", b"PAR1", by)
    answer = client.get(f"/runs/{run.pk}/artifacts/{broken.pk}/preview")
    assert answer.status_code == 400
    assert "cannot be read as Parquet" in answer.content.decode()
    model = kept(run, "model.pkl", b"x", by)
    assert client.get(f"/runs/{run.pk}/artifacts/{model.pk}/preview").status_code == 400
    assert client.get(f"/runs/{run.pk}/artifacts/{model.pk}/show").status_code == 400


def test_images_and_html_are_shown_by_themselves_in_a_sandbox(
    web: Web, vera: User, charlie: User, run: Run, by: Actor
) -> None:
    client = web(vera)
    image, html = kept(run, "plot.png", b"\x89PNG", by), kept(run, "report.html", b"<script>1</script>", by)
    shown = f"/runs/{run.pk}/artifacts/{html.pk}/show"
    assert f'src="{shown}"' in look(client, html)
    assert 'sandbox="allow-scripts"' in look(client, html)
    answer = client.get(shown)
    policy = answer["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-scripts; default-src 'none';")
    assert "allow-same-origin" not in policy
    assert "frame-ancestors 'self'" in policy
    assert "X-Frame-Options" not in answer
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert client.get(f"/runs/{run.pk}/artifacts/{image.pk}/show")["Content-Type"] == "image/png"
    assert web(charlie).get(shown).status_code == 404


def test_log_files_stand_under_the_log(web: Web, vera: User, run: Run, by: Actor) -> None:
    kept(run, "logs/train.txt", b"epoch 1", by)
    text = web(vera).get(f"/runs/{run.pk}/").content.decode()
    assert "Files of logs" in text
