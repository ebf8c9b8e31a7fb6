"""Work in a fork of the calling process, held to limits and listened to. Called by jobs with many pieces.

The caller must not have started threads of its own, OpenMP's included: a fork has none of them and waits for ever.
"""

import contextlib
import gc
import json
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from . import fork_child
from .fork_child import Do, Send
from .fork_watch import Child, Ended, Limits, Watch
from .memory import resident_mb

GROWN_MB = 256

__all__ = ["Ended", "Fork", "Limits", "Send", "run", "warm"]


def run(
    work: Callable[[Send], None],
    *,
    limits: Limits,
    hear: Callable[[dict[str, Any]], str | None],
    tick: Callable[[], str | None],
) -> Ended:
    """`work` sends JSON to `hear`; a text from `hear` or `tick` (ten times a second) stops it for that reason."""
    with contextlib.closing(Fork(lambda piece, send: work(send))) as fork:
        return fork.run(None, limits=limits, hear=hear, tick=tick)


def warm(modules: Sequence[str]) -> None:
    """Import what a fork had to import for itself, so that the next one finds it there."""
    for name in modules:
        if name not in sys.modules:
            with contextlib.suppress(Exception):  # whatever a package may do, the work goes on without it
                import_module(name)


class Fork:
    """One fork for piece after piece, which costs neither a fork nor a first touch of the caller's memory each.

    `do` gets each piece, any JSON, in the fork. A fork that was stopped, broke, or has left threads, processes or much
    memory behind is not used again: the next piece gets a new one.
    """

    def __init__(self, do: Do) -> None:
        self.do = do
        self.child: Child | None = None
        self.modules: set[str] = set()
        self.first_mb = 0.0

    def run(
        self,
        piece: Any,
        *,
        limits: Limits,
        hear: Callable[[dict[str, Any]], str | None],
        tick: Callable[[], str | None],
    ) -> Ended:
        """As `forked.run`, of one piece; every piece of a Fork leaves its output either bound or the caller's."""
        order = json.dumps({"piece": piece, "memory_mb": limits.memory_mb}).encode() + b"\n"
        child, base_mb = self._ready(bound=limits.output_bytes is not None)
        try:
            with contextlib.suppress(BrokenPipeError):  # it is gone, as the watch will see
                while order:
                    order = order[os.write(child.orders, order) :]
            watch = Watch(child, limits, hear, tick, base_mb)
            ended = watch.until_ended()
        except BaseException:
            self.close()
            raise
        self.modules.update(ended.modules)
        told = None if watch.gone or ended.reason else watch.done
        if told is None or not told["whole"] or child.kill_strays():
            self.close()
        return ended

    def close(self) -> None:
        if self.child is not None:
            self.child.close()
            self.child = None

    def _ready(self, *, bound: bool) -> tuple[Child, float]:
        """The child, and what it or, before a new one's fork, this process holds, in MiB."""
        if self.child is not None:
            held_mb = resident_mb(self.child.pid)
            if self.child.lives() and held_mb < self.first_mb + GROWN_MB:
                return self.child, held_mb
            self.close()
        warm(sorted(self.modules))
        self.first_mb = resident_mb(os.getpid())
        self.child = self._made(bound=bound)
        return self.child, self.first_mb

    def _made(self, *, bound: bool) -> Child:
        orders_read, orders_write = os.pipe()
        said_read, said_write = os.pipe()
        out_read, out_write = os.pipe()
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        gc.freeze()
        pid = os.fork()
        if pid == 0:
            os.close(orders_write)
            fork_child.become(self.do, orders_read, said_write, out_write if bound else None, parent)
        gc.unfreeze()
        for file in (orders_read, said_write, out_write):
            os.close(file)
        return Child(pid, orders_write, said_read, out_read)
