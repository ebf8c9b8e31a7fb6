"""Job functions that behave and misbehave; they run in the child processes of real workers."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy

from mlregistry.errors import Invalid
from mlregistry.jobs.context import JobContext, JobYielded
from mlregistry.jobs.models import Job


def _mark(path: str, text: str) -> None:
    with Path(path).open("a") as file:
        file.write(text + "\n")


def talk(context: JobContext, *, path: str) -> dict[str, Any]:
    """Says one line and half of the progress, then waits for the file to appear."""
    print("first line")
    context.report(0.5, "half way")
    while not Path(path).exists():
        time.sleep(0.05)
    sys.stderr.write("a line on stderr\n")
    context.log("last line")
    sum(i * i for i in range(1_000_000))
    return {"answer": 42}


def wait_first_time(context: JobContext, *, path: str) -> dict[str, int]:
    _mark(path, f"{context.attempt} {os.getpid()}")
    if context.attempt == 1:
        time.sleep(600)
    return {"attempt": context.attempt}


def count_run(context: JobContext, *, path: str) -> None:
    _mark(path, str(context.attempt))
    time.sleep(0.5)


def yield_once(context: JobContext, *, path: str) -> None:
    """Lets others go first in its first attempt."""
    _mark(path, f"long {context.attempt}")
    if context.attempt == 1:
        raise JobYielded


def mark(context: JobContext, *, path: str) -> None:
    _mark(path, str(context.attempt))


def count_up(context: JobContext, *, path: str, upto: int, gate: str) -> None:
    """One step after the other, with a safe point before each; half way it waits for the gate's file to appear."""
    for n in range((context.resumed_from or {"done": 0})["done"], upto):
        context.checkpoint({"done": n})
        while n == upto // 2 and not Path(gate).exists():
            time.sleep(0.02)
            context.checkpoint({"done": n})
        _mark(path, f"{context.attempt} {n}")
        time.sleep(0.02)
        context.checkpoint({"done": n + 1})


def work(context: JobContext) -> None:
    """A second of a processor, then twenty megabytes written and read."""
    context.phase("spin")
    until = time.process_time() + 1.5
    while time.process_time() < until:
        sum(i * i for i in range(10_000))
    context.phase("move")
    with tempfile.TemporaryFile() as file:
        file.write(b"x" * 20_000_000)
        file.seek(0)
        file.read()
    time.sleep(1.2)


def hog_memory(context: JobContext) -> None:
    held = []
    for _ in range(200):
        held.append(numpy.ones(20 * 2**17))
        time.sleep(0.02)


def hog_memory_in_a_grandchild(context: JobContext) -> None:
    program = "import time; held = bytearray(1_000_000_000); time.sleep(600)"
    subprocess.run([sys.executable, "-c", program], check=True)


def sleep(context: JobContext, *, seconds: float) -> None:
    context.report(0.1, "asleep")
    time.sleep(seconds)


def ignore_sigterm(context: JobContext, *, path: str) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    _mark(path, str(sleeper.pid))
    while True:
        time.sleep(60)


def fail(context: JobContext, *, path: str) -> None:
    _mark(path, str(context.attempt))
    raise ValueError("it never works")


def refuse(context: JobContext, *, path: str) -> None:
    _mark(path, str(context.attempt))
    raise Invalid("The target has one value only.", field="target")


def vanish(context: JobContext) -> None:
    os._exit(3)


def flood(context: JobContext) -> None:
    line = "x" * 999 + "\n"
    for _ in range(50_000):
        sys.stdout.write(line)


def read_own_row(context: JobContext) -> dict[str, str]:
    return {"title": Job.objects.get(pk=context.job_id).title}


def answer_nan(context: JobContext) -> dict[str, float]:
    return {"score": float("nan")}
