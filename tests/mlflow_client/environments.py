"""The client environments and the server under test: `test_scenarios` runs each generation's scenarios here.

`TEST_MLFLOW3_PYTHON` and `TEST_MLFLOW2_PYTHON` name other interpreters than those that `make test` sets up;
`TEST_MLFLOW_URI` (with `TEST_MLFLOW_TOKEN`) names a server that runs already, also a genuine `mlflow server`.
"""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from mlregistry import env
from tests.servers import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
SCENARIOS = Path(__file__).resolve().parent / "scenarios"
GENERATIONS = ("mlflow3", "mlflow2")
TOKEN = "mlr_clients0_" + "c" * 43
START_SECONDS = 180
SCENARIO_SECONDS = 600


@dataclass(frozen=True)
class ServerUnderTest:
    """Where the client is sent, and the token it shows ("" for a server that asks for none)."""

    uri: str
    token: str

    @property
    def is_ours(self) -> bool:
        return bool(self.token)


def client_python(generation: str) -> Path:
    """The interpreter of one client generation; an OSError says how to get it."""
    named = env.text(f"TEST_{generation.upper()}_PYTHON")
    python = Path(named) if named else ROOT / ".venv" / "clients" / generation / "bin" / "python"
    if not python.exists():
        raise FileNotFoundError(f"{python} is missing: `make test` sets up the {generation} environment")
    return python


def run_scenarios(
    names: Sequence[str], generation: str, server: ServerUnderTest, home: Path
) -> dict[str, str]:
    """Runs scenario files with the client's own pytest; returns each check's failure text, "" for passed."""
    report = home / "report.xml"
    files = [str(SCENARIOS / name) for name in names]
    command = [str(client_python(generation)), "-m", "pytest", *files, f"--junitxml={report}"]
    options = [
        "-c",
        str(SCENARIOS / "pytest.ini"),
        "--confcutdir",
        str(SCENARIOS),
        f"--basetemp={home / 'tmp'}",
    ]
    done = subprocess.run(
        [*command, *options],
        cwd=home,
        env=_client_environment(generation, server, home),
        capture_output=True,
        text=True,
        timeout=SCENARIO_SECONDS,
        check=False,
    )
    if done.returncode not in (0, 1):
        raise AssertionError(
            f"{', '.join(names)} did not run with {generation}:\n{done.stdout}\n{done.stderr}"
        )
    return _outcomes(report)


def _client_environment(generation: str, server: ServerUnderTest, home: Path) -> dict[str, str]:
    """A user's plain environment: nothing of this suite's or the shell's MLflow settings reaches the client."""
    return {
        "PATH": f"{client_python(generation).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "MLFLOW_TRACKING_URI": server.uri,
        **({"MLFLOW_TRACKING_TOKEN": server.token} if server.token else {}),
        "MLFLOW_GENERATION": generation.removeprefix("mlflow"),
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MPLBACKEND": "Agg",
        "GIT_PYTHON_REFRESH": "quiet",
    }


def _outcomes(report: Path) -> dict[str, str]:
    outcomes = {}
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314  # written by our own subprocess
        problems = [child for child in case if child.tag in ("failure", "error", "skipped")]
        outcomes[f"{case.get('classname', '?')} {case.get('name', '?')}"] = "\n".join(
            _told(problem) for problem in problems
        )
    return outcomes


def _told(problem: ElementTree.Element) -> str:
    return f"{problem.tag}: {problem.text or problem.get('message', '')}"


@contextmanager
def server_under_test(home: Path, **variables: str) -> Iterator[ServerUnderTest]:
    """The named server, or `manage.py up` on an empty home with a PostgreSQL and workers of its own."""
    named = env.text("TEST_MLFLOW_URI")
    if named:
        yield ServerUnderTest(named, env.text("TEST_MLFLOW_TOKEN"))
        return
    port = free_port()
    with (home / "up.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=ROOT,
            env={**_server_environment(home, port), **variables},
            stdout=log,
            stderr=log,
        )
    try:
        _wait_until_healthy(process, port, home / "up.log")
        yield ServerUnderTest(f"http://127.0.0.1:{port}", TOKEN)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def _server_environment(home: Path, port: int) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PORT": str(port),
        "MLREGISTRY_HOME": str(home / "mlregistry"),
        "MLREGISTRY_ADMIN_TOKEN": TOKEN,
        "MLREGISTRY_DEMO": "0",
    }


def _wait_until_healthy(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())
