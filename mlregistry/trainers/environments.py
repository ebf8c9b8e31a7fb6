"""Virtual environments of trainers, one for each list of requirements, built once and kept. Trainers' jobs call it.

Wheels only: no code of a package runs while it is installed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mlregistry.errors import Invalid
from mlregistry.trainers import boxed, requirements
from mlregistry.trainers.boxed import Limits

KEPT = 10
LIMITS = Limits(wall_seconds=900, cpu_seconds=900, memory_mb=4096, disk_mb=4096)
READY = ".ready"


def python_of(
    root: Path,
    lines: Sequence[str],
    *,
    index: str,
    hear: Callable[[bytes], None],
    tick: Callable[[], str | None],
    limits: Limits = LIMITS,
) -> Path:
    """The interpreter of the environment with these requirements, built below `root` when it is not there.

    Invalid tells why it cannot be built; `index` is the operator's package index, '' for pip's own.
    """
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = root / requirements.digest(list(lines))
    with _locked(root / f"{folder.name}.lock"):
        if not (folder / READY).exists():
            shutil.rmtree(folder, ignore_errors=True)
            _forget_old(root)
            try:
                _build(folder, lines, index, hear, tick, limits)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
        os.utime(folder / READY)
    return folder / "bin" / "python"


def _build(
    folder: Path,
    lines: Sequence[str],
    index: str,
    hear: Callable[[bytes], None],
    tick: Callable[[], str | None],
    limits: Limits,
) -> None:
    base = getattr(sys, "_base_executable", "") or sys.executable
    home = folder / "home"
    home.mkdir(parents=True)
    environment = {
        "PATH": "/usr/bin:/bin", "HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8",
        **({"PIP_INDEX_URL": index} if index else {}),
    }  # fmt: skip
    (folder / "requirements.txt").write_text("\n".join(lines) + "\n")
    python = str(folder / "bin" / "python")
    commands = [[base, "-I", "-m", "venv", "--without-pip", str(folder)]]
    if lines:
        commands.append(
            [sys.executable, "-m", "pip", "--python", python, "install", "--only-binary", ":all:", "--no-input",
             "--no-cache-dir", "--disable-pip-version-check", "--progress-bar", "off", "--no-compile",
             "-r", str(folder / "requirements.txt")]
        )  # fmt: skip
    for command in commands:
        done = boxed.run(command, folder=folder, environment=environment, limits=limits, hear=hear, tick=tick)
        if done.problem:
            raise Invalid(f"The environment could not be built. {done.problem}", field="requirements")
    shutil.rmtree(home, ignore_errors=True)
    (folder / READY).touch()


def _forget_old(root: Path) -> None:
    """Room for one more: those that were used least lately go."""
    ready = sorted(root.glob(f"*/{READY}"), key=lambda mark: mark.stat().st_mtime)
    for mark in ready[: max(0, len(ready) - KEPT + 1)]:
        shutil.rmtree(mark.parent, ignore_errors=True)


@contextmanager
def _locked(path: Path) -> Iterator[IO[str]]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock
