"""What a jailed process can and cannot do, and every limit that ends it with its reason."""

import ast
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from mlregistry.trainers import boxed, jail
from mlregistry.trainers.boxed import Ended, Limits
from mlregistry.trainers.jail import Jail

from ..servers import free_port

LIMITS = Limits(wall_seconds=60, cpu_seconds=60, memory_mb=512, disk_mb=64)
SYSTEM = jail.existing(["/usr", "/lib", "/lib64", "/bin", "/dev/urandom", "/proc", sys.base_prefix])
MARK = "family_of_this_test"
TRY = """
import os, socket, subprocess
def attempt(name, work):
    try:
        work()
        print(name, "worked")
    except OSError as error:
        print(name, type(error).__name__)
"""


def run(
    folder: Path,
    code: str,
    *,
    limits: Limits = LIMITS,
    port: int = 9,
    tick: Callable[[], str | None] = lambda: None,
) -> tuple[Ended, str]:
    heard: list[bytes] = []
    place = Jail(SYSTEM, (folder, Path("/dev/null")), (port,))
    python = getattr(sys, "_base_executable", sys.executable)
    ended = boxed.run(
        [python, "-I", "-u", "-c", code],
        folder=folder,
        environment={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        limits=limits,
        hear=heard.append,
        tick=tick,
        jail=place,
    )
    return ended, b"".join(heard).decode()


def test_the_server_of_this_machine_can_hold_a_jail() -> None:
    assert jail.why_not() == ""


def test_a_jailed_process_reaches_its_folder_and_one_port_alone(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    folder = tmp_path / "work"
    folder.mkdir()
    port, other = free_port(), free_port()
    unix = str(tmp_path / "postgres")
    with socket.create_server(("127.0.0.1", port)), socket.create_server(("127.0.0.1", other)):
        server = socket.socket(socket.AF_UNIX)
        server.bind(unix)
        server.listen()
        code = TRY + "\n".join(
            [
                "attempt('write own', lambda: open('mine', 'w').write('x'))",
                f"attempt('read secret', lambda: open({str(secret)!r}))",
                f"attempt('list above', lambda: os.listdir({str(tmp_path)!r}))",
                f"attempt('write above', lambda: open({str(tmp_path / 'x')!r}, 'w'))",
                "attempt('read /etc', lambda: open('/etc/passwd'))",
                f"attempt('own port', lambda: socket.create_connection(('127.0.0.1', {port})))",
                f"attempt('other port', lambda: socket.create_connection(('127.0.0.1', {other})))",
                "attempt('listen', lambda: socket.create_server(('127.0.0.1', 0)))",
                f"attempt('unix', lambda: socket.socket(socket.AF_UNIX).connect({unix!r}))",
                "attempt('udp', lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))",
                "attempt('environment of the parent', lambda: open(f'/proc/{os.getppid()}/environ').read())",
                "attempt('signal to the parent', lambda: os.kill(os.getppid(), 0))",
                "attempt('session', os.setsid)",
                "attempt('group', lambda: os.setpgid(0, 0))",
                "attempt('owner', lambda: os.chown('mine', 1, 1))",
                "attempt('program', lambda: subprocess.run(['/bin/true'], check=True))",
                "print(sorted(os.environ))",
            ]
        )
        ended, told = run(folder, code, port=port)
        server.close()
    lines = dict(line.rsplit(" ", 1) for line in told.splitlines()[:-1])
    worked = {name for name, how in lines.items() if how == "worked"}
    assert worked == {"write own", "own port", "program"}, told
    assert len(lines) == 16
    assert ended.problem == ""
    assert set(ast.literal_eval(told.splitlines()[-1])) <= {"LANG", "LC_CTYPE", "PATH"}


@pytest.mark.parametrize(
    ("code", "changes", "told"),
    [
        ("import time; time.sleep(60)", {"wall_seconds": 1}, "longer than 1 seconds"),
        ("while True: pass", {"cpu_seconds": 1}, "processor time"),
        ("while True: print('x' * 60000)", {"output_bytes": 300_000}, "printed more than 0.3 MB"),
        ("x = bytearray(2**31)", {"memory_mb": 200}, "MemoryError"),
        (
            "open('big', 'wb').write(bytes(2**23)); import time; time.sleep(60)",
            {"disk_mb": 4},
            "File too large",
        ),
        ("raise RuntimeError('the data is odd')", {}, "the data is odd"),
        ("import os; os.abort()", {}, "signal 6"),
        ("import sys; sys.exit(3)", {}, "status 3"),
    ],
)
def test_each_limit_ends_it_with_its_reason(
    tmp_path: Path, code: str, changes: dict[str, int], told: str
) -> None:
    ended, _ = run(tmp_path, code, limits=Limits(**{**vars(LIMITS), **changes}))
    assert told in ended.problem


def test_many_small_files_and_many_processes_end_it(tmp_path: Path) -> None:
    many = "import time\nfor n in range(40): open(f'f{n}', 'wb').write(bytes(2**18))\ntime.sleep(60)"
    ended, _ = run(tmp_path, many, limits=Limits(**{**vars(LIMITS), "disk_mb": 4}))
    assert "files" in ended.problem
    forks = "import os, time\nfor n in range(20):\n    if not os.fork(): time.sleep(60)\ntime.sleep(60)"
    ended, _ = run(tmp_path, forks, limits=Limits(**{**vars(LIMITS), "processes": 8}))
    assert "processes" in ended.problem


def test_a_stopped_process_takes_its_children_along(tmp_path: Path) -> None:
    code = f"import os, time\n{MARK} = 1\nif not os.fork(): time.sleep(60)\ntime.sleep(60)"
    found: list[psutil.Process] = []

    def look() -> str | None:
        mine = psutil.Process().children(recursive=True)
        found[:] = [child for child in mine if MARK in _command(child)]
        return "both run" if len(found) == 2 else None

    ended, _ = run(tmp_path, code, tick=look)
    assert ended.problem == "both run"
    deadline = time.monotonic() + 60
    while any(_runs(one) for one in found):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_reason_of_the_caller_stops_it(tmp_path: Path) -> None:
    ended, _ = run(tmp_path, "import time; time.sleep(60)", tick=lambda: "cancelled")
    assert ended.problem == "cancelled"


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""
