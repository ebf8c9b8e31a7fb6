"""A fork that does piece after piece: what each used, what it leaves behind, and when the next piece gets a new one."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from mlregistry.errors import Invalid
from mlregistry.jobs.forked import Ended, Fork, Limits, Send

LIMITS = Limits(30.0, 400)
Piece = dict[str, Any]


def busy(seconds: float) -> None:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def refuse() -> None:
    raise Invalid("Column 'age' is empty.")


def break_down() -> None:
    raise ValueError("no luck")


WAYS: dict[str, Callable[[], object]] = {
    "nothing": lambda: None,
    "busy": lambda: busy(0.3),
    "refuse": refuse,
    "break": break_down,
    "vanish": lambda: os._exit(7),
    "thread": lambda: threading.Thread(target=time.sleep, args=(60,), daemon=True).start(),
    "process": lambda: subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]),
    "print": lambda: os.write(1, b"x" * 100),
    "print much": lambda: [os.write(1, b"x" * 100_000) for _ in range(110)],
    "eat": lambda: bytearray(2 * 10**9),
    "hold": lambda: bytearray(150 * 2**20).count(1),
    "import": lambda: __import__("this"),
    "hang": lambda: time.sleep(60),
}


def do(piece: Piece, send: Send) -> None:
    send({"pid": os.getpid()})
    WAYS[piece["way"]]()


@pytest.fixture
def fork() -> Iterator[Fork]:
    with closing(Fork(do)) as made:
        yield made


def told(fork: Fork, way: str, limits: Limits = LIMITS) -> tuple[int, Ended]:
    """The process that did it, and how it ended."""
    heard: dict[str, Any] = {}

    def hear(message: dict[str, Any]) -> None:
        heard.update(message)

    ended = fork.run({"way": way}, limits=limits, hear=hear, tick=lambda: None)
    return int(heard["pid"]), ended


def test_pieces_share_one_process_and_each_has_its_own_figures(fork: Fork) -> None:
    first, ended = told(fork, "busy")
    assert ended.problem == ""
    assert 0.3 <= ended.cpu_seconds < 3
    second, ended = told(fork, "nothing")
    assert second == first
    assert ended.cpu_seconds < 0.3
    _, large = told(fork, "hold")
    _, small = told(fork, "nothing")
    assert large.peak_memory_mb > small.peak_memory_mb + 100


def test_what_a_piece_prints_is_its_own(fork: Fork) -> None:
    assert told(fork, "print")[1].output == "x" * 100
    assert told(fork, "nothing")[1].output == ""


def test_a_refusal_leaves_the_fork_as_it_is(fork: Fork) -> None:
    first, ended = told(fork, "refuse")
    assert ended.problem == "Column 'age' is empty."
    assert told(fork, "nothing")[0] == first


@pytest.mark.parametrize(
    ("way", "problem"),
    [
        ("break", "ValueError: no luck"),
        ("vanish", "Its process ended with status 7."),
        ("eat", "It ran out of memory."),
        ("print much", "It printed more than 10 MB."),
        ("thread", ""),
        ("process", ""),
    ],
)
def test_after_a_piece_that_broke_or_left_something_behind_comes_a_new_process(
    fork: Fork, way: str, problem: str
) -> None:
    before, ended = told(fork, way)
    assert ended.problem == problem
    after, ended = told(fork, "nothing")
    assert after != before
    assert ended.problem == ""


def test_a_piece_that_takes_too_long_is_ended_and_the_next_is_done(fork: Fork) -> None:
    before, ended = told(fork, "hang", Limits(0.2, 400))
    assert "longer than" in ended.problem
    assert told(fork, "nothing")[0] != before


def test_a_process_that_was_killed_between_two_pieces_costs_neither(fork: Fork) -> None:
    before, _ = told(fork, "nothing")
    os.kill(before, signal.SIGKILL)
    os.waitid(os.P_PID, before, os.WEXITED | os.WNOWAIT)
    after, ended = told(fork, "nothing")
    assert after != before
    assert ended.problem == ""


def test_what_a_piece_imported_is_told_and_there_for_the_next_process(fork: Fork) -> None:
    sys.modules.pop("this", None)
    _, ended = told(fork, "import")
    assert "this" in ended.modules
    assert "this" not in sys.modules
    told(fork, "break")
    told(fork, "nothing")
    assert "this" in sys.modules


def test_a_fork_that_is_closed_leaves_no_process(fork: Fork) -> None:
    pid, _ = told(fork, "nothing")
    fork.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
