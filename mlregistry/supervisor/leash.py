"""What a child does between fork and exec so that it never outlives its parent, nor runs with too much power.

The supervisor and the embedded PostgreSQL start every child through `leashed`.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_SET_CHILD_SUBREAPER = 36
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE = 1

_libc = ctypes.CDLL(None, use_errno=True)  # loaded before any fork


@dataclass(frozen=True)
class Account:
    """A system account that root hands a child to; `reach` lets it pass folders closed to others."""

    uid: int
    gid: int
    reach: bool = False


def leashed(
    death_signal: signal.Signals, account: Account | None = None, *, niceness: int = 0
) -> Callable[[], None]:
    """A `preexec_fn`: the kernel sends `death_signal` to the child when this process ends in any way."""
    parent = os.getpid()

    def prepare() -> None:
        if niceness:
            _step_back(niceness)
        if account is not None:
            _become(account)
        _prctl(PR_SET_PDEATHSIG, int(death_signal))  # a change of user would clear it, so it comes second
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def _step_back(niceness: int) -> None:
    """Behind others in line for the processor: in its own session, and that session among those of the machine, which
    Linux schedules by groups where it has autogroups."""
    os.nice(niceness)
    with suppress(OSError), open("/proc/self/autogroup", "w", encoding="ascii") as file:
        file.write(str(niceness))


def adopt_orphans() -> None:
    """Grandchildren whose parent dies become children of this process, which then ends them."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def _become(account: Account) -> None:
    if account.reach:
        _prctl(PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setresgid(account.gid, account.gid, account.gid)
    os.setresuid(account.uid, account.uid, account.uid)
    if account.reach:
        _keep_reach()


def _keep_reach() -> None:
    """Keep the one capability that passes closed folders, and hand it on through exec."""
    mask = 1 << CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)  # effective, permitted, inheritable: low, high
    if _libc.capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")
    _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE)


def _prctl(option: int, first: int, second: int = 0) -> None:
    if sys.platform != "linux":
        return
    if _libc.prctl(option, *(ctypes.c_ulong(value) for value in (first, second, 0, 0))) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
