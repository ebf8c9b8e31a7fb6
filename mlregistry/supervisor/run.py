"""The work of `make up`: everything started in order, watched, and stopped in the opposite order.

Knows no Django, which would cost 80 MB as long as the server runs; `manage.py prepare` does what needs it.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

from mlregistry import env
from mlregistry.supervisor import addresses, gate, lock
from mlregistry.supervisor.children import Child, say, stop_all, sweep
from mlregistry.supervisor.leash import adopt_orphans, leashed
from mlregistry.supervisor.postgres import Postgres, PostgresFailed

ROOT = Path(__file__).resolve().parents[2]
MANAGE = (sys.executable, str(ROOT / "manage.py"))
TICK_SECONDS = 0.5
SWEEP_SECONDS = 5.0
HEALTH_SECONDS = 0.03
HEALTH_TIMEOUT_SECONDS = 60.0
N_STARTS = 4
STOP_SECONDS = 5.0
CLOSING_SECONDS = 12.0
JOBS_NICENESS = 5  # whoever waits for a page or a prediction comes before work that runs for minutes
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Raised by the first signal wherever the supervisor is; later signals change nothing."""


class StartFailed(RuntimeError):
    """The server did not come up; the message says what to look at."""


def up() -> int:
    """Run until a signal; returns the exit code. Every foreseeable failure is one line."""
    host, port = env.host(), env.port()
    _listen_to_signals()
    os.environ["MLREGISTRY_HOME"] = str(env.home())  # before the folder changes
    os.chdir(ROOT)
    try:
        with lock.held(env.home(), url=addresses.url(host, port)) as cut_off:
            addresses.check_free(host, port, patience_seconds=CLOSING_SECONDS if cut_off else 0.0)
            _serve(host, port)
    except (lock.AlreadyRunning, addresses.CannotListen, PostgresFailed, StartFailed) as error:
        say(str(error))
        return 1
    except Stopped:
        say("Stopped.")
    return 0


def _serve(host: str, port: int) -> None:
    began = time.monotonic()
    adopt_orphans()
    home = env.home()
    postgres = None if env.database_url() else Postgres(home / "postgres", env.socket_folder(home))
    children = _children(host, port)  # before anything is made: it reads the rest of the environment
    web, *others = children
    try:
        with gate.shut(home, gate.PREPARED):
            web.start()  # it loads beside the rest and waits at the gate
            _prepare(home, postgres)
        _await_health(web, host, port)
        for child in others:
            child.start()
        _greet(addresses.url(host, port), time.monotonic() - began)
        _watch(children, postgres)
    finally:
        _stop(children, postgres)


def _children(host: str, port: int) -> list[Child]:
    """The web server first. The db engine's worker schedules as well; the others have a scheduler of its own."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "mlregistry.settings", "PYTHONUNBUFFERED": "1"}
    web = [sys.executable, "-m", "mlregistry.supervisor.web", "--host", host, "--port", str(port)]
    web += ["--workers", str(env.number("MLREGISTRY_WEB_WORKERS", 2, lowest=1, highest=256))]
    web += ["--threads", str(env.web_threads())]
    if env.text("MLREGISTRY_TASKS", "db") == "db":
        background = [Child("worker", [*MANAGE, "worker", "--with-scheduler"], environment, JOBS_NICENESS)]
    else:
        commands = {name: [*MANAGE, name] for name in ("worker", "scheduler")}
        background = [Child(name, command, environment, JOBS_NICENESS) for name, command in commands.items()]
    return [Child("web", web, environment), *background]


def _prepare(home: Path, postgres: Postgres | None) -> None:
    """Migrations, static files, the first owner. It prints how to log in itself: a new secret is kept only as a
    hash, so it must be shown before anything else can fail. It loads while PostgreSQL starts.
    """
    with gate.shut(home, gate.DATABASE):
        process = subprocess.Popen(
            [*MANAGE, "prepare"],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=leashed(signal.SIGTERM),
        )
        if postgres is not None:
            postgres.start()
    if process.wait() != 0:
        raise StartFailed("The database could not be prepared; the reason stands above.")


def _await_health(web: Child, host: str, port: int) -> None:
    deadline = time.monotonic() + HEALTH_TIMEOUT_SECONDS
    while not addresses.healthy(host, port):
        web.tend()
        if web.n_failures >= N_STARTS:
            raise StartFailed(f"{web.name} does not start; the reason stands above")
        if time.monotonic() > deadline:
            raise StartFailed(f"/health did not answer within {HEALTH_TIMEOUT_SECONDS:g} s")
        time.sleep(HEALTH_SECONDS)


def _greet(url: str, seconds: float) -> None:
    say(f"\nmlregistry is ready after {seconds:.1f} s: {url}")
    say("Ctrl-C stops it.\n")


def _watch(children: list[Child], postgres: Postgres | None) -> None:
    sweep_at = 0.0
    while True:
        if postgres is not None and not postgres.running():
            say("PostgreSQL ended; starting it again")
            postgres.start()
        died = [child.name for child in children if child.tend()]
        if died or time.monotonic() >= sweep_at:
            sweep(_pids(children, postgres))
            sweep_at = time.monotonic() + SWEEP_SECONDS
        time.sleep(TICK_SECONDS)


def _stop(children: list[Child], postgres: Postgres | None) -> None:
    """Children, then what they left behind, then PostgreSQL; within ten seconds altogether."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
    with suppress(OSError):
        say("Stopping …")
    stop_all(children, timeout_seconds=STOP_SECONDS)
    sweep(_pids([], postgres))
    if postgres is not None:
        postgres.stop(timeout_seconds=2.5)


def _pids(children: list[Child], postgres: Postgres | None) -> set[int]:
    pids = {child.process.pid for child in children if child.process is not None}
    return pids | ({postgres.pid} if postgres is not None and postgres.pid is not None else set())


def _listen_to_signals() -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in STOPPING:
            signal.signal(number, signal.SIG_IGN)
        raise Stopped

    for number in STOPPING:
        signal.signal(number, stop)
