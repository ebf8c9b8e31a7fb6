"""A gate holds up who waits until its holder is done, or gone."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from mlregistry.supervisor import gate

HOLDER = """
import sys, time
from pathlib import Path
from mlregistry.supervisor import gate
with gate.shut(Path(sys.argv[1]), "a.gate"):
    print("shut", flush=True)
    time.sleep(600)
"""


def test_a_gate_that_nobody_shut_is_open(tmp_path: Path) -> None:
    gate.wait(tmp_path, "a.gate")


def test_who_waits_goes_on_when_the_gate_opens(tmp_path: Path) -> None:
    passed = threading.Event()

    def go_through() -> None:
        gate.wait(tmp_path, "a.gate")
        passed.set()

    waiting = threading.Thread(target=go_through)
    with gate.shut(tmp_path, "a.gate"):
        waiting.start()
        assert not passed.wait(0.2)
    assert passed.wait(60)
    waiting.join()


def test_a_gate_opens_when_its_holder_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "shut\n"
        os.kill(holder.pid, signal.SIGKILL)
        gate.wait(tmp_path, "a.gate")
