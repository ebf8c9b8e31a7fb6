"""What a result depends on besides recipe and data: libraries, threads, machine, this program. Called by training jobs.

Nothing in it names a host, a person or a folder.
"""

from __future__ import annotations

import contextlib
import functools
import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

import threadpoolctl

from mlregistry import __version__

LIBRARIES = (
    "numpy", "pandas", "scikit-learn", "scipy", "joblib", "threadpoolctl", "duckdb", "xgboost", "xgboost-cpu",
    "lightgbm", "implicit",
)  # fmt: skip
ROOT = Path(__file__).resolve().parents[2]


def describe() -> dict[str, Any]:
    """JSON of four parts: libraries, threads, machine, mlregistry; texts and whole numbers only."""
    return {
        "libraries": libraries(),
        "threads": threads(),
        "machine": machine(),
        "mlregistry": {"version": __version__, "commit": commit()},
    }


def libraries() -> dict[str, str]:
    """The versions of what figures come from; a library that is not installed is left out."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def threads() -> dict[str, Any]:
    """How many threads each loaded numeric library may start, and which variant of its code it chose."""
    found: dict[str, Any] = {"processors": len(os.sched_getaffinity(0))}
    for pool in threadpoolctl.threadpool_info():
        name = str(pool["internal_api"])
        variant = pool.get("architecture")
        found[name] = max(int(pool["num_threads"]), int(found.get(name, 0)))
        if variant:
            found[f"{name} variant"] = str(variant)
    return found


def machine() -> dict[str, Any]:
    """The model of the processor, its cores, the memory in MB, the operating system."""
    libc = " ".join(platform.libc_ver()).strip()
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "memory_mb": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20,
        "system": " ".join(part for part in (platform.system(), platform.release()) if part),
        "libc": libc,
        "architecture": platform.machine(),
    }


@functools.cache
def commit() -> str:
    """The commit of this program, with -dirty for changed files; '' where it does not run from a repository."""
    named = os.environ.get("MLREGISTRY_COMMIT", "").strip()
    if named or not (ROOT / ".git").exists():
        return named[:80]
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()[:80]


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith(("model name", "Model")):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
