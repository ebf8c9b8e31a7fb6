"""What runs logged is kept in memory and never out of date: every way to change a run shows at once."""

import uuid
from collections.abc import Callable

import msgspec
import pytest

from experiments.actions import experiments as experiment_actions
from experiments.actions import inputs, logging, moving, runs, truncation
from experiments.actions.inputs import DatasetInput
from experiments.actions.logged_models import create_logged_model
from experiments.actions.measurements import Metric
from experiments.models import LoggedModel, Run, RunTag
from experiments.queries import run_documents
from experiments.queries.run_bodies import Bodies
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User


@pytest.fixture
def editor(bob: User, actor_of: Callable[..., Actor]) -> Actor:
    return actor_of(bob)


@pytest.fixture
def run(editor: Actor) -> Run:
    experiment = experiment_actions.create_experiment("e", by=editor)
    made = runs.create_run(experiment, name="first", by=editor)
    logging.log_batch(
        made,
        metrics=[Metric("m", 1.0, 1), Metric("m", 2.0, 2)],
        params={"p": "1"},
        tags={"t": "1"},
        by=editor,
    )
    return made


def body(run: Run) -> str:
    found = msgspec.json.decode(run_documents.documents([run.pk])[run.pk])
    return repr({part: found[part] for part in ("data", "inputs", "outputs")})


CHANGES: dict[str, Callable[[Run, Actor], object]] = {
    "metric": lambda run, by: logging.log_batch(run, metrics=[Metric("n", 1.0)], by=by),
    "param": lambda run, by: logging.log_batch(run, params={"q": "1"}, by=by),
    "tag": lambda run, by: logging.log_batch(run, tags={"t": "2"}, by=by),
    "name by tag": lambda run, by: logging.log_batch(run, tags={"mlflow.runName": "x"}, by=by),
    "deleted tag": lambda run, by: logging.delete_tag(run, "t", by=by),
    "deleted name": lambda run, by: logging.delete_tag(run, "mlflow.runName", by=by),
    "name": lambda run, by: runs.update_run(run, name="other", by=by),
    "note": lambda run, by: runs.set_note(run, "why", by=by),
    "input": lambda run, by: inputs.log_inputs(run, datasets=[DatasetInput("d", "1")], by=by),
    "output": lambda run, by: inputs.log_outputs(run, [(f"m-{made(run, by).pk.hex}", 0)], by=by),
    "truncation": lambda run, by: truncation.truncate_metrics(run, after_step=1, by=by),
    "rows deleted past the actions": lambda run, by: RunTag.objects.filter(run=run).delete(),
    "name saved past the actions": lambda run, by: Run.objects.filter(pk=run.pk).update(name="y"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_of_a_run_shows_in_its_next_reading(change: str, run: Run, editor: Actor) -> None:
    before = body(run)
    assert body(run) == before
    CHANGES[change](run, editor)
    assert body(run) != before


def test_a_purged_output_and_a_move_show_too(run: Run, editor: Actor) -> None:
    model = made(run, editor)
    inputs.log_outputs(run, [(f"m-{model.pk.hex}", 0)], by=editor)
    inputs.log_inputs(run, datasets=[DatasetInput("d", "1")], by=editor)
    full = body(run)
    assert model.pk.hex in full
    target = experiment_actions.create_experiment("target", by=editor)
    moving.move_runs([run.pk], to=target, by=editor)
    assert body(run) == full
    LoggedModel.objects.filter(pk=model.pk).delete()
    assert model.pk.hex not in body(run)


def test_bodies_are_read_once_for_each_count_and_the_oldest_give_way() -> None:
    asked: list[uuid.UUID] = []

    def read(ids: list[uuid.UUID]) -> dict[uuid.UUID, str]:
        asked.extend(ids)
        return dict.fromkeys(ids, "x" * 1000)

    kept = Bodies(most_bytes=200_000)
    runs = [uuid.uuid4() for _ in range(300)]
    for one in runs:
        assert kept.of({one: 1}, read) == {one: "x" * 1000}
    assert kept.n_bytes <= 200_000
    kept.of({runs[-1]: 1}, read)
    assert len(asked) == 300
    kept.of({runs[-1]: 2}, read)
    kept.of({runs[0]: 1}, read)
    assert len(asked) == 302


def test_a_very_long_body_is_answered_and_not_kept() -> None:
    kept = Bodies(most_bytes=10_000)
    one = uuid.uuid4()
    assert kept.of({one: 1}, lambda ids: {one: "x" * 5000}) == {one: "x" * 5000}
    assert kept.n_bytes == 0


def made(run: Run, by: Actor) -> LoggedModel:
    return create_logged_model(run.experiment, name="model", by=by)
