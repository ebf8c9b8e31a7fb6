"""Children of the supervisor: the back-off between starts, the end of a whole group, and adopted orphans."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from mlregistry.supervisor import addresses, run
from mlregistry.supervisor.children import Child, stop_all
from tests.servers import free_port

ADOPT = """
import subprocess, sys, time
from mlregistry.supervisor.children import sweep
from mlregistry.supervisor.leash import adopt_orphans
adopt_orphans()
middle = subprocess.Popen([sys.executable, "-c",
    "import subprocess, sys; p = subprocess.Popen(['sleep', '60'], start_new_session=True,"
    " stdout=subprocess.DEVNULL); print(p.pid, flush=True)"], stdout=subprocess.PIPE, text=True)
orphan = int(middle.communicate()[0])
sweep({middle.pid})
print(orphan)
"""


def test_the_pause_before_a_new_start_doubles(capsys: pytest.CaptureFixture[str]) -> None:
    child = Child("web", [sys.executable, "-c", "raise SystemExit(3)"], dict(os.environ))
    for _ in range(3):
        child.retry_at = 0.0
        child.tend()
        assert child.process is not None
        child.process.wait()
        child.tend()
    said = capsys.readouterr().out.splitlines()
    assert said == [
        f"web ended with exit code 3; starting it again in {pause} s" for pause in ("0.5", "1", "2")
    ]
    assert child.process is None


def test_a_child_that_ignores_the_signal_is_killed_with_its_group() -> None:
    stubborn = "trap '' TERM; sleep 60 & sleep 60; sleep 60"
    child = Child("web", ["sh", "-c", stubborn], dict(os.environ))
    child.start()
    assert child.process is not None
    deadline = time.monotonic() + 60
    while len(family := psutil.Process(child.process.pid).children(recursive=True)) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    stop_all([child], timeout_seconds=0.5)
    assert not psutil.wait_procs(family, timeout=60)[1]


def test_an_orphan_is_adopted_and_ended() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ADOPT], capture_output=True, text=True, check=True, timeout=120
    )
    assert not psutil.pid_exists(int(done.stdout))


def test_a_child_that_never_starts_ends_the_whole_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlregistry.supervisor.children.FIRST_PAUSE_SECONDS", 0.01)
    child = Child("web", [sys.executable, "-c", "raise SystemExit(1)"], dict(os.environ))
    with pytest.raises(run.StartFailed, match="web does not start"):
        run._await_health(child, "127.0.0.1", free_port())


def test_an_address_of_another_machine_is_refused_with_its_name() -> None:
    with pytest.raises(addresses.CannotListen, match=r"HOST=192\.0\.2\.1"):
        addresses.check_free("192.0.2.1", 8000)


def test_the_address_shown_can_be_opened() -> None:
    assert addresses.url("0.0.0.0", 80) == "http://127.0.0.1:80"  # noqa: S104  # the case in question
    assert addresses.url("::1", 80) == "http://[::1]:80"


def test_every_javascript_library_has_a_hash_and_no_address() -> None:
    lock = (Path(__file__).parents[2] / "package-lock.json").read_text()
    assert lock.count('"integrity": "sha512-') == lock.count('"node_modules/') == 4
    assert "resolved" not in lock


def test_a_child_that_works_for_nobody_who_waits_is_behind_in_line() -> None:
    child = Child("jobs", ["sleep", "60"], dict(os.environ), niceness=5)
    child.start()
    assert child.process is not None
    try:
        assert psutil.Process(child.process.pid).nice() == os.nice(0) + 5
        group = Path(f"/proc/{child.process.pid}/autogroup")
        assert not group.exists() or group.read_text().split()[-1] == "5"
    finally:
        stop_all([child], timeout_seconds=5)
