"""Loops over numbers as machine code. The modules that hold them are imported at the first model that needs one.

Compiled once for each machine; the result is kept beside the module or, where that folder is read-only, in the
user's cache. Both are written by this server alone. A process with MLREGISTRY_KEEPS_MACHINE_CODE=0 keeps nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import numba

KEPT = os.environ.get("MLREGISTRY_KEEPS_MACHINE_CODE") != "0"


def machine_code(
    signature: str | None = None, *, without_lock: bool = False, within: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compiles a function for arguments of these types and no others, in Numba's notation; without them at the first
    call with arguments of any types.

    `without_lock`: other threads run meanwhile. For what takes longer than handing the interpreter over and back.
    `within`: its code is put into that of its callers, which hold it in a loop.
    """
    compiler = partial(numba.njit, signature, nogil=without_lock, forceinline=within, error_model="numpy")

    def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
        try:
            made = compiler(cache=KEPT)(function)
        except RuntimeError:  # no folder takes what is kept: it is compiled in each process
            made = compiler()(function)
        found: Callable[..., Any] = made
        return found

    return compiled


def part(function: Callable[..., Any]) -> Callable[..., Any]:
    """For a function that machine code alone calls, in the same module: it is compiled, and kept, with its callers."""
    made: Callable[..., Any] = numba.njit(error_model="numpy")(function)
    return made
