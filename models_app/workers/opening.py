"""Opens an uploaded model in a jail: a process without network, with limits, that reads the model and libraries alone.

Called by the job models_app.take_in. What comes out is foreign: files are taken without following links.
"""

import json
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import mlregistry
from mlregistry.artifacts import store
from mlregistry.artifacts.models import StoredFile
from mlregistry.errors import Invalid
from mlregistry.ml.intake import findings as told
from mlregistry.ml.intake.findings import Findings
from mlregistry.ml.intake.formats import FORMATS
from mlregistry.trainers import boxed, jail, places
from mlregistry.trainers.boxed import Limits
from mlregistry.trainers.jail import Jail
from models_app.models import Intake

LIMITS = Limits(
    wall_seconds=300, cpu_seconds=240, memory_mb=3_072, disk_mb=1_024, output_bytes=200_000, processes=2
)
PROGRAM = (
    "import json, sys; sys.path[:0] = json.loads(sys.argv[3]);"
    " from mlregistry.ml.intake.opening import main; from pathlib import Path;"
    " main(Path(sys.argv[1]), Path(sys.argv[2]))"
)
PACKAGES = ("site-packages", "dist-packages")
CHUNK = 1 << 20
MOST_TAKEN = 2 * 2**30


@dataclass(frozen=True)
class Opened:
    """`problem` says why nothing can be made of it; the files lie in a folder that goes with the block."""

    findings: Findings | None
    problem: str
    form: Path | None = None
    skops: Path | None = None


@contextmanager
def opened(intake: Intake, *, stopped: Callable[[], bool], limits: Limits | None = None) -> Iterator[Opened]:
    """What the jail told of the model, and what it wrote."""
    reason = jail.why_not()
    if reason:
        yield Opened(None, f"Models from outside cannot be opened here: {reason}.")
        return
    with tempfile.TemporaryDirectory(prefix="intake-", ignore_cleanup_errors=True) as name:
        room = _Room(Path(name))
        room.fill(intake)
        ended = boxed.run(
            room.command(),
            folder=room.outbox,
            environment=room.environment(),
            limits=limits or LIMITS,
            hear=_hear,
            tick=lambda: "cancelled" if stopped() else None,
            jail=Jail(read=room.readable(), write=(room.outbox, Path("/dev/null")), ports=()),
        )
        yield _result(room, ended.problem)


class _Room:
    """`inbox` to read, `outbox` to write, `code` with a link to this program, `taken` for what is believed."""

    def __init__(self, folder: Path) -> None:
        self.inbox, self.outbox, self.code, self.taken = (
            folder / part for part in ("inbox", "outbox", "code", "taken")
        )
        for place in (self.inbox, self.outbox, self.code, self.taken):
            place.mkdir()
        self.package = Path(mlregistry.__file__).resolve().parent
        (self.code / "mlregistry").symlink_to(self.package)

    def fill(self, intake: Intake) -> None:
        model = f"model{FORMATS[intake.format].suffix}"
        for name, stored in (
            (model, intake.file),
            ("MLmodel", intake.mlmodel),
            ("input_example.json", intake.example),
        ):
            if stored is not None:
                _copy(stored, self.inbox / name)
        request = {
            "format": intake.format, "model": model, "signature": intake.request.get("signature"),
            "example": intake.request.get("example"), "libraries": [str(path) for path in self.readable()],
        }  # fmt: skip
        (self.inbox / "request.json").write_text(json.dumps(request))

    def paths(self) -> list[str]:
        """Where modules are found besides the interpreter's own places: folders of installed packages alone.

        Others on the path, such as the folder that the server was started in, may hold anything.
        """
        installed = [path for path in sys.path if Path(path).name in PACKAGES and Path(path).is_dir()]
        prefixes = (sys.prefix, sys.base_prefix)
        return [str(self.code), *(path for path in installed if not path.startswith(prefixes))]

    def readable(self) -> tuple[Path, ...]:
        return places.readable(
            sorted({sys.prefix, sys.base_prefix, str(self.package), str(self.inbox), *self.paths()})
        )

    def command(self) -> list[str]:
        paths = json.dumps(self.paths())
        return [sys.executable, "-I", "-c", PROGRAM, str(self.inbox), str(self.outbox), paths]

    def environment(self) -> dict[str, str]:
        """All that it sees: nothing of the server's own environment."""
        return {
            "PATH": "/usr/bin:/bin", "HOME": str(self.outbox), "TMPDIR": str(self.outbox), "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1", "JOBLIB_MULTIPROCESSING": "0", "LOKY_MAX_CPU_COUNT": "1",
            "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "Agg",
            "MLREGISTRY_KEEPS_MACHINE_CODE": "0",
        }  # fmt: skip


def _result(room: _Room, problem: str) -> Opened:
    report = _taken(room, told.REPORT)
    found = told.read(room.taken) if report is not None else None
    if found is None:
        return Opened(None, _why(problem, _attempts(room)))
    problem = problem or found.problem
    if problem:
        return Opened(found, problem)
    form = _taken(room, told.FORM) if found.has_form else None
    skops = _taken(room, told.MODEL) if found.has_skops else None
    return Opened(found, "", form, skops)


def _why(problem: str, attempts: list[str]) -> str:
    """What it tried comes first: a process that was ended says nothing more."""
    ended = problem or "It ended before it said what it holds."
    return f"{attempts[0]}. A model does not do that. {ended}" if attempts else ended


def _attempts(room: _Room) -> list[str]:
    path = _taken(room, told.ATTEMPTS)
    return [] if path is None else told.bounded(path.read_text("utf-8", "replace").splitlines()[:20])


def _taken(room: _Room, name: str) -> Path | None:
    """The file as a copy of ours; None for one that is not there, or is a link, a pipe or too large."""
    try:
        handle = os.open(room.outbox / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as source:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > MOST_TAKEN:
            return None
        with (room.taken / name).open("wb") as target:
            shutil.copyfileobj(source, target, CHUNK)
    return room.taken / name


def _copy(stored: StoredFile, target: Path) -> None:
    """Invalid when the bytes are not those that were stored."""
    with store.local_path(stored) as path, store.spooled(path) as spool:
        if spool.sha256 != stored.sha256:
            raise Invalid("The stored file was changed: its SHA-256 is not the recorded one.", field="file")
        shutil.copyfile(spool.path, target)


def _hear(data: bytes) -> None:
    sys.stdout.write(data.decode("utf-8", "replace"))
    sys.stdout.flush()
