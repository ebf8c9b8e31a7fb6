"""Pages of what MLflow's clients log: runs without a recipe, with what only they have, and their model versions."""

import io
import sys
from collections.abc import Callable

import pytest
from django.test import Client

from experiments.actions import inputs, logging
from experiments.actions import logged_models as model_actions
from experiments.actions.artifacts import save_artifact
from experiments.actions.experiments import create_experiment, default_experiment
from experiments.actions.inputs import DatasetInput
from experiments.actions.measurements import Metric
from experiments.actions.runs import create_run
from experiments.models import Experiment, Run
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.ui.templatetags.pages import breakable, figure, markdown
from models_app.actions.client_versions import create_version
from models_app.actions.models import create_model

Web = Callable[[User], Client]


@pytest.fixture
def by(bob: User, actor_of: Callable[..., Actor]) -> Actor:
    return actor_of(bob)


@pytest.fixture
def experiment(by: Actor) -> Experiment:
    return create_experiment("sweep", by=by)


@pytest.fixture
def run(experiment: Experiment, by: Actor) -> Run:
    run = create_run(experiment, name="first", by=by)
    points = [("loss", float("nan")), ("gap", sys.float_info.max), *((f"layer/{i}", 0.5) for i in range(300))]
    logging.log_batch(
        run.pk,
        metrics=[Metric(key, value, 1_700_000_000_000) for key, value in points],
        params={"depth": "3"},
        tags={
            "team": "growth",
            "mlflow.source.name": "train.py",
            "mlflow.note.content": "a **bold** <b>try</b>",
        },
        by=by,
    )
    return run


def _page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_the_page_of_a_run_shows_what_a_client_logged(web: Web, bob: User, by: Actor, run: Run) -> None:
    child = create_run(run.experiment, name="fold 1", tags={"mlflow.parentRunId": run.pk.hex}, by=by)
    inputs.log_inputs(
        run,
        datasets=[DatasetInput("table", "abc123", "local", "{}", tags={"mlflow.data.context": "train"})],
        by=by,
    )
    text = _page(web(bob), f"/runs/{run.pk}/")
    for shown in (
        "NaN",
        "∞",
        "growth",
        "train.py",
        "<strong>bold</strong>",
        "&lt;b&gt;try",
        "All (302)",
        "fold 1",
        "abc123",
    ):
        assert shown in text, shown
    assert "parent run" in _page(web(bob), f"/runs/{child.pk}/")


def test_files_of_the_models_that_a_run_made_are_on_its_page(
    web: Web, bob: User, by: Actor, run: Run, charlie: User
) -> None:
    model = model_actions.create_logged_model(run.experiment, name="forest", source_run=run, by=by)
    artifact = save_artifact(model, "MLmodel", io.BytesIO(b"flavors: {}"), by=by)
    assert "MLmodel" in _page(web(bob), f"/runs/{run.pk}/")
    address = f"/runs/{run.pk}/artifacts/{artifact.pk}"
    assert b"".join(web(bob).get(address).streaming_content) == b"flavors: {}"  # type: ignore[attr-defined]  # the stubs know no streamed answers
    assert web(charlie).get(address).status_code == 404


def test_a_file_of_another_run_is_not_given_out_by_this_one(web: Web, bob: User, by: Actor, run: Run) -> None:
    other = create_run(run.experiment, name="other", by=by)
    artifact = save_artifact(other, "a.txt", io.BytesIO(b"a"), by=by)
    assert web(bob).get(f"/runs/{run.pk}/artifacts/{artifact.pk}").status_code == 404


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("system/gpu_0", "system/<wbr>gpu_<wbr>0"),
        ("a.b:c", "a.<wbr>b:<wbr>c"),
        ("_", "_"),
        ("<b>/x", "&lt;b&gt;/<wbr>x"),
    ],
)
def test_a_long_name_may_break_at_its_joints_and_is_escaped(name: str, shown: str) -> None:
    assert breakable(name) == shown


def test_a_board_without_a_baseline_draws_no_bars(web: Web, bob: User, run: Run) -> None:
    text = _page(web(bob), f"/experiments/{run.experiment_id}/")
    assert "Sorted by <strong>loss</strong>, lowest first" in text
    assert "Better than baseline" not in text


def test_experiment_0_is_the_default_one(web: Web, bob: User, by: Actor) -> None:
    default = default_experiment(by=by)
    assert web(bob).get("/experiments/0/").headers["Location"] == f"/experiments/{default.pk}/"


def test_a_version_from_a_client_shows_tags_metrics_and_how_to_load_it(
    web: Web, bob: User, by: Actor, run: Run
) -> None:
    model = create_model("churn", by=by)
    create_version(model, f"runs:/{run.pk.hex}/model", run_key=run.pk.hex, tags={"validated": "yes"}, by=by)
    text = _page(web(bob), "/models/churn/versions/1/")
    for shown in ("validated", "layer/1", "models:/churn/1"):
        assert shown in text, shown


def test_a_prompt_shows_its_text(web: Web, bob: User, by: Actor) -> None:
    model = create_model("greeting", tags={"mlflow.prompt.is_prompt": "true"}, by=by)
    create_version(
        model,
        "dummy-source",
        tags={"mlflow.prompt.is_prompt": "true", "mlflow.prompt.text": "Hello {{name}}"},
        by=by,
    )
    text = _page(web(bob), "/models/greeting/versions/1/")
    assert "Hello {{name}}" in text
    assert "Signature" not in text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (float("nan"), "NaN"),
        (sys.float_info.max, "∞"),
        (-sys.float_info.max, "−∞"),
        (1e20, "1e+20"),
        (12345, "12,345"),
    ],
)
def test_figures_of_any_size_stay_short(value: float, shown: str) -> None:
    assert figure(value) == shown


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "[a](javascript:alert(1))", "![a](http://x.example/a.png)"]
)
def test_notes_run_nothing_and_load_nothing(text: str) -> None:
    html = markdown(text)
    assert "<script" not in html
    assert 'href="javascript' not in html
    assert "<img" not in html
