"""Requests that arrive while a model predicts are joined into its next call, without a timer. `models` calls it.

A native pipeline spends most of a call on what does not grow with the rows; one call for all who wait costs little
more than one for the first of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

Rows = list[dict[str, Any]]
Answer = dict[str, Any]
MOST_JOINED = 64  # rows of one joint call
MOST_OWN = 16  # rows of a request that others may share a call with
SIZES = (2, 3, 5, 8, 17, MOST_JOINED)
N_VARIED = 12
PER_ROW = ("predictions", "probabilities", "quantiles")


class _Ticket:
    """One waiting request; `answer` or `error` is set before `done`."""

    __slots__ = ("answer", "done", "error", "leads", "rows")

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.answer: Answer | None = None
        self.error: BaseException | None = None
        self.leads = False
        self.done = threading.Event()


class Combiner:
    """Scores for many threads at once. Whoever leads takes along all who wait, then hands the lead to the next."""

    def __init__(self, score: Callable[[Rows], Answer]) -> None:
        self._score = score
        self._lock = threading.Lock()
        self._busy = False
        self._waiting: list[_Ticket] = []
        self.sizes = [0] * (MOST_JOINED + 1)  # calls by their rows; only who leads counts

    def score(self, rows: Rows) -> Answer:
        """What `score` says of these rows alone; raises what it raises for them."""
        if len(rows) > MOST_OWN:
            return self._score(rows)
        ticket = _Ticket(rows)
        with self._lock:
            if self._busy:
                self._waiting.append(ticket)
            else:
                self._busy = ticket.leads = True
        if not ticket.leads:
            ticket.done.wait()
        if ticket.leads:
            self._lead(ticket)
        if ticket.error is not None:
            raise ticket.error
        assert ticket.answer is not None  # noqa: S101 - set with `done`
        return ticket.answer

    def _lead(self, own: _Ticket) -> None:
        group = [own, *self._take(MOST_JOINED - len(own.rows))]
        self.sizes[sum(len(ticket.rows) for ticket in group)] += 1
        try:
            self._answer(group)
        finally:
            self._pass_on()
            for ticket in group:
                ticket.done.set()

    def _take(self, room: int) -> list[_Ticket]:
        """The longest waiting, as many as fit."""
        with self._lock:
            n = 0
            for ticket in self._waiting:
                room -= len(ticket.rows)
                if room < 0:
                    break
                n += 1
            taken, self._waiting = self._waiting[:n], self._waiting[n:]
        return taken

    def _answer(self, group: Sequence[_Ticket]) -> None:
        """By one call; where that fails, each by its own, so that nobody suffers from another's rows."""
        if len(group) > 1:
            try:
                whole = self._score([row for ticket in group for row in ticket.rows])
                _share(whole, group)
            except Exception:
                for ticket in group:
                    ticket.answer = None
            else:
                return
        for ticket in group:
            try:
                ticket.answer = self._score(ticket.rows)
            except BaseException as error:  # it is raised again in the thread that asked
                ticket.error = error

    def _pass_on(self) -> None:
        """Wakes the longest waiting to lead; with nobody waiting the model is free."""
        with self._lock:
            if not self._waiting:
                self._busy = False
                return
            following = self._waiting.pop(0)
            following.leads = True
        following.done.set()


def _share(whole: Answer, group: Sequence[_Ticket]) -> None:
    """Gives each request its part of a joint answer."""
    start = 0
    for ticket in group:
        end = start + len(ticket.rows)
        ticket.answer = part(whole, start, end)
        start = end


def part(whole: Answer, start: int, end: int) -> Answer:
    """The answer for the rows from start to end."""
    return {name: value[start:end] if name in PER_ROW else value for name, value in whole.items()}


def joins_exactly(score: Callable[[Rows], Answer], example: Rows) -> bool:
    """Whether joint answers equal single ones to the bit, tried on rows made from the example.

    A probability near 0 or 1 hides a difference, so this alone is no proof: `models` asks for trees as well.
    """
    rows = varied(example)
    return bool(rows) and same_alone(score, rows, SIZES)


def same_alone(score: Callable[[Rows], Answer], rows: Rows, sizes: Sequence[int]) -> bool:
    """Whether calls of these many rows give each row the answer it gets alone; False where a call fails."""
    alone: list[Answer] = []
    try:
        for size in sizes:
            places = [place % len(rows) for place in range(size)]
            while len(alone) < min(size, len(rows)):
                alone.append(score([rows[len(alone)]]))
            whole = score([rows[place] for place in places])
            if not set(whole) <= {*PER_ROW, "classes"}:
                return False
            if any(part(whole, at, at + 1) != alone[place] for at, place in enumerate(places)):
                return False
    except Exception:
        return False
    return True


def varied(example: Rows) -> Rows:
    """The example's rows, and copies whose numbers are moved a little."""
    if not example:
        return []
    found = [dict(row) for row in example[:N_VARIED]]
    for step in range(N_VARIED - len(found)):
        source = example[step % len(example)]
        found.append({name: _moved(value, step + 1) for name, value in source.items()})
    return found


def _moved(value: Any, step: int) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return value + step if isinstance(value, int) else value * (1 + 0.037 * step) + 0.001 * step
