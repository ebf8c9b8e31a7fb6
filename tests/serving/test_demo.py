"""The demonstration, built as the worker builds it."""

import pytest

from experiments.models import Problem, Run
from mlregistry.accounts.models import Membership, Role, Team, User
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import State
from models_app.models import Alias, ModelVersion
from serving.actions.demo import ensure_demo
from serving.models import Endpoint, Feedback, Prediction
from serving.queries.live import variant_statistics
from serving.workers import demo


@pytest.fixture
def first_owner(team: Team) -> User:
    owner = User.objects.create_superuser("root", password="secret of root")
    owner.default_team = team
    owner.save()
    Membership.objects.create(team=team, user=owner, role=Role.OWNER)
    return owner


def test_the_demonstration_is_built_whole_and_once(first_owner: User, team: Team) -> None:
    job = ensure_demo()
    assert job is not None
    job = run_here(job)
    assert (job.state, job.error) == (State.SUCCEEDED, "")
    assert set(Problem.objects.values_list("name", flat=True)) == {story.name for story in demo.STORIES}
    assert Alias.objects.filter(name="champion").count() == 3
    rows = {row["variant"]: row for row in variant_statistics(Endpoint.objects.get(name="breast-cancer"))}
    assert set(rows) == {"champion", "challenger"}
    assert rows["champion"]["weight"] == 90
    assert rows["champion"]["primary_value"] > 0.95
    n_before = _counts()
    assert n_before[-1] == demo.N_PREDICTIONS
    assert ensure_demo() is None
    demo.build(_Quiet(), team_id=team.pk, user_id=first_owner.pk)  # type: ignore[arg-type]  # it has what is called
    assert _counts() == n_before


def test_the_operator_can_do_without(first_owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLREGISTRY_DEMO", "0")
    assert ensure_demo() is None


def test_without_an_owner_there_is_nobody_to_show_it_to(db: None) -> None:
    assert ensure_demo() is None


class _Quiet:
    """A context that nobody watches."""

    def report(self, fraction: float, message: str = "") -> None: ...

    def log(self, text: str) -> None: ...

    def cancelled(self) -> bool:
        return False


def _counts() -> list[int]:
    return [kind.objects.count() for kind in (Run, ModelVersion, Prediction, Feedback)]
