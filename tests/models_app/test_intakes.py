"""Models from outside: taken in, held back, opened in the jail alone, and told apart: real files, real processes."""

import ctypes
import io
import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, User
from mlregistry.artifacts import store
from mlregistry.errors import Conflict, Forbidden, Invalid, TooLarge
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State
from mlregistry.ml.intake import formats
from mlregistry.trainers.boxed import Limits
from models_app.actions import compilations, intakes
from models_app.actions.versions import check_servable, register
from models_app.models import Compilation, Intake, IntakeState, ModelTestRun, ModelVersion
from models_app.queries import gates
from models_app.queries.formats import forms_of
from models_app.workers import opening
from tests.models_app import foreign
from tests.models_app.trained import finished_run

ActorOf = Callable[..., Actor]
KNOWING = "I know who made it"


@pytest.fixture
def bob_as(bob: User, actor_of: ActorOf) -> Actor:
    return actor_of(bob)


@pytest.fixture
def alice_as(alice: User, actor_of: ActorOf) -> Actor:
    return actor_of(alice)


def uploaded(body: bytes, name: str, by: Actor, **request: Any) -> ModelVersion:
    return intakes.upload("foreign", io.BytesIO(body), name, request=request, by=by)


def checked(version: ModelVersion) -> Intake:
    """After the jail had its look."""
    intake = Intake.objects.select_related("job").get(version=version)
    assert intake.job is not None
    done = run_here(intake.job)
    assert done.state == State.SUCCEEDED, done.error
    intake.refresh_from_db()
    return intake


def actions_on(version: ModelVersion) -> list[str]:
    rows = AuditEvent.objects.filter(target_type="models_app.modelversion", target_id=str(version.pk))
    return list(rows.order_by("pk").values_list("action", flat=True))


@pytest.mark.django_db
def test_a_skops_file_is_checked_at_once_and_comes_with_signature_example_and_form(bob_as: Actor) -> None:
    version = uploaded(foreign.written(foreign.pipeline(), "a.skops"), "a.skops", bob_as)
    with pytest.raises(Conflict, match="still being checked"):
        check_servable(version)
    intake = checked(version)
    assert (intake.state, intake.problem) == (IntakeState.ACCEPTED, "")
    version.refresh_from_db()
    inputs = {field["name"]: field for field in version.served_signature["inputs"]}
    assert (inputs["age"]["type"], inputs["plan"]["categories"]) == ("float", ["basic", "gold"])
    assert version.served_signature["classes"] == ["leaves", "stays"]
    assert version.input_example
    assert intake.findings is not None
    assert intake.findings["steps"] == ["ColumnTransformer", "RandomForestClassifier"]
    assert intake.findings["opened_with"]["scikit-learn"]
    check_servable(version)
    assert {form.format for form in forms_of(version)} == {"skops", "compiled"}
    assert actions_on(version) == ["version.upload", "version.accept", "version.test"]
    with pytest.raises(Conflict, match="closed form alone"):
        compilations.drop_compilation(version, by=bob_as)
    found = compilations.request_compilation(version, by=bob_as)
    assert found.is_live


@pytest.mark.django_db
def test_what_is_tested_of_a_model_from_outside_is_the_form_that_serves(bob_as: Actor) -> None:
    version = uploaded(foreign.written(foreign.pipeline(), "a.skops"), "a.skops", bob_as)
    assert gates.standing(version).state == gates.UNTESTABLE
    checked(version)
    version.refresh_from_db()
    run = ModelTestRun.objects.get(version=version)
    job = run_here(Job.objects.get(kind="models_app.test_version"))
    assert job.state == State.SUCCEEDED, job.error
    run.refresh_from_db()
    outcomes = dict(run.results.values_list("name", "outcome"))
    assert outcomes["after_reload"] == "passed"
    assert outcomes["compiled_parity"] == "skipped"
    assert "broke" not in outcomes.values(), outcomes
    assert gates.standing(version).state == gates.OPEN, gates.standing(version).reasons


@pytest.mark.django_db
def test_a_pickle_waits_for_an_owner_with_a_reason(
    bob_as: Actor, alice_as: Actor, vera: User, actor_of: ActorOf
) -> None:
    version = uploaded(foreign.written(foreign.logistic(), "a.joblib"), "a.joblib", bob_as)
    assert Intake.objects.get(version=version).state == IntakeState.QUARANTINED
    assert not Job.objects.exists()
    with pytest.raises(Conflict, match="owner has to approve"):
        check_servable(version)
    with pytest.raises(Conflict, match="no owner has approved"):
        compilations.request_compilation(version, by=bob_as)
    for actor in (bob_as, actor_of(vera)):
        with pytest.raises(Forbidden):
            intakes.approve(version, KNOWING, by=actor)
    with pytest.raises(Invalid, match="Say why"):
        intakes.approve(version, "  ", by=alice_as)
    intakes.approve(version, KNOWING, by=alice_as)
    with pytest.raises(Conflict, match="waits for no decision"):
        intakes.approve(version, KNOWING, by=alice_as)
    intake = checked(version)
    assert intake.state == IntakeState.ACCEPTED, intake.problem
    assert (intake.decided_by, intake.reason) == (alice_as.user, KNOWING)
    assert {form.format for form in forms_of(version)} == {"joblib", "skops", "compiled"}
    assert actions_on(version) == [
        "version.upload", "version.quarantine", "version.approve", "version.accept", "version.test",
    ]  # fmt: skip


@pytest.mark.django_db
def test_a_rejected_pickle_is_never_opened(bob_as: Actor, alice_as: Actor) -> None:
    version = uploaded(foreign.written(foreign.logistic(), "a.pkl"), "a.pkl", bob_as)
    intakes.reject(version, "nobody knows where it is from", by=alice_as)
    with pytest.raises(Conflict, match="An owner refused it"):
        check_servable(version)
    with pytest.raises(Conflict, match="no owner has approved"):
        intakes.check_again(version, by=alice_as)
    assert not Job.objects.exists()


def leave_a_mark(path: str) -> None:
    os.system(f"touch {path}")  # noqa: S605  # what the jail is there for


def connect(port: int) -> Any:
    return socket.create_connection(("127.0.0.1", port), timeout=2)


def read(path: str) -> str:
    return Path(path).read_text()


def behind_python(path: str, port: int) -> None:
    """Past every check of the interpreter, straight to the system: only the kernel's jail is left."""
    library = ctypes.CDLL(None, use_errno=True)
    started = library.fork()
    if started == 0:
        os._exit(0)
    ran = library.system(b"true") == 0
    opened = library.open(path.encode(), 0)
    socket_of = library.socket(2, 1, 0)
    address = (2).to_bytes(2, "little") + port.to_bytes(2, "big") + bytes([127, 0, 0, 1]) + bytes(8)
    connected = library.connect(socket_of, address, 16)
    parent = library.open(f"/proc/{os.getppid()}/environ".encode(), 0)
    raise ValueError(f"fork {started} ran {ran} open {opened} connect {connected} parent {parent}")


def breed() -> None:
    while True:
        os.fork()


def swell() -> list[bytearray]:
    return [bytearray(1 << 28) for _ in range(200)]


def never_end() -> None:
    while True:
        pass


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[Callable[[str], tuple[bytes, str]]]:
    """By name: the file, and what is told of it. A server listens, a secret lies, a mark must not appear."""
    secret, mark = tmp_path / "secret", tmp_path / "mark"
    secret.write_text("s3cret")
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        port = server.getsockname()[1]
        known = {
            "a command by name": (foreign.calling(os.system, f"touch {mark}"), "asks for posix.system"),
            "a command in code": (
                foreign.calling(leave_a_mark, str(mark)),
                f"tried to run a command touch {mark}",
            ),
            "a connection": (foreign.calling(connect, port), "tried to look up 127.0.0.1"),
            "a secret": (foreign.calling(read, str(secret)), f"tried to open {secret}"),
            "behind Python": (
                foreign.calling(behind_python, str(secret), port),
                "fork -1 ran False open -1 connect -1 parent -1",
            ),
            "a fork bomb": (foreign.calling(breed), "tried to start a process"),
            "memory": (foreign.calling(swell), "more memory than it may"),
            "an endless loop": (foreign.calling(never_end), "longer than 8 seconds"),
            "no model": (
                foreign.written({"a": 1}, "b.pkl"),
                "does not hold a model that predicts: it holds “dict”",
            ),
        }
        yield known.__getitem__
        with pytest.raises(BlockingIOError):
            server.accept()
    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])
    assert not mark.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    ["a command by name", "a command in code", "a connection", "a secret", "behind Python", "a fork bomb", "memory",
     "an endless loop", "no model"],
)  # fmt: skip
def test_a_hostile_pickle_does_nothing_and_is_told_as_such(
    name: str,
    hostile: Callable[[str], tuple[bytes, str]],
    bob_as: Actor,
    alice_as: Actor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = Limits(wall_seconds=8 if "loop" in name else 90, cpu_seconds=60, memory_mb=700, disk_mb=50)
    monkeypatch.setattr(opening, "LIMITS", limits)
    body, told = hostile(name)
    version = uploaded(body, "model.pkl", bob_as)
    intakes.approve(version, KNOWING, by=alice_as)
    intake = checked(version)
    assert intake.state == IntakeState.REFUSED
    assert told in intake.problem
    assert "s3cret" not in intake.problem
    with pytest.raises(Conflict, match="cannot be served"):
        check_servable(version)
    assert not Compilation.objects.filter(version=version).exclude(file=None).exists()
    assert actions_on(version)[-1] == "version.refuse"


@pytest.mark.django_db
def test_a_file_that_was_changed_in_the_store_is_not_opened(bob_as: Actor) -> None:
    version = uploaded(foreign.written(foreign.line(), "a.skops"), "a.skops", bob_as)
    with store.local_path(Intake.objects.get(version=version).file) as path:
        body = bytearray(path.read_bytes())
        body[len(body) // 2] ^= 1
        path.write_bytes(body)
    assert "SHA-256" in checked(version).problem


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "name", "told"),
    [
        (b"", "a.skops", "empty"),
        (b"\x80\x04N.", "a.skops", "does not begin as one"),
        (b"PK\x03\x04", "a.onnx", "does not begin as one"),
        (b"x", "a.doc", "no model by its name"),
        (b"x", "a.txt", "no LightGBM model"),
        (b"x", "", "no model by its name"),
    ],
)
def test_what_is_no_model_by_name_or_beginning_is_refused_at_the_door(
    body: bytes, name: str, told: str, bob_as: Actor
) -> None:
    with pytest.raises(Invalid, match=told):
        uploaded(body, name, bob_as)
    assert not ModelVersion.objects.exists()


@pytest.mark.django_db
def test_uploads_have_a_limit_and_need_an_editor(
    bob_as: Actor, vera: User, actor_of: ActorOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "MOST_BYTES", 10)
    with pytest.raises(TooLarge):
        uploaded(b"\x80" * 20, "a.pkl", bob_as)
    with pytest.raises(Forbidden):
        uploaded(b"\x80", "a.pkl", actor_of(vera))


@pytest.mark.django_db
def test_a_skops_file_of_types_that_are_not_trusted_is_refused(bob_as: Actor) -> None:
    from_elsewhere = foreign.written(foreign.with_foreign_type(), "c.skops")
    version = uploaded(from_elsewhere, "c.skops", bob_as)
    assert "not trusted here" in checked(version).problem
    damaged = uploaded(b"PK\x03\x04 and nothing more", "d.skops", bob_as)
    assert "damaged" in checked(damaged).problem


@pytest.mark.django_db
def test_a_wrong_signature_is_named(bob_as: Actor) -> None:
    body = foreign.written(foreign.logistic(), "a.skops")
    said = {"inputs": [{"name": "years", "type": "float"}]}
    version = uploaded(body, "a.skops", bob_as, signature=said)
    assert "lacks the column “age”" in checked(version).problem


@pytest.mark.django_db
def test_a_model_that_a_person_put_into_a_run_goes_the_same_way(bob_as: Actor) -> None:
    version = register(finished_run(bob_as, saved_by=bob_as), "tumour", by=bob_as)
    intake = Intake.objects.get(version=version)
    assert (intake.format, intake.state) == ("skops", IntakeState.CHECKING)
    assert checked(version).state == IntakeState.ACCEPTED
    check_servable(version)


def test_the_jail_reads_installed_packages_and_no_other_folder_of_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("started-here", "site-packages", "room"):
        (tmp_path / name).mkdir()
    for name in ("started-here", "site-packages"):
        monkeypatch.syspath_prepend(tmp_path / name)
    room = opening._Room(tmp_path / "room")
    assert room.paths() == [str(tmp_path / "room" / "code"), str(tmp_path / "site-packages")]
    read = {str(path) for path in room.readable()}
    assert str(tmp_path / "started-here") not in read
    assert str(Path(opening.__file__).parents[2]) not in read
