"""What jailed processes may read: the system's libraries and what they are given, never files of the server.

Called by the jobs of trainers and of uploaded models.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings

from mlregistry.errors import Invalid
from mlregistry.trainers.jail import existing

SYSTEM = (
    "/usr", "/lib", "/lib64", "/lib32", "/bin", "/etc/ld.so.cache", "/etc/ssl", "/etc/ca-certificates", "/etc/pki",
    "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/localtime",
    "/etc/timezone", "/etc/mime.types", "/dev/urandom", "/dev/random", "/dev/zero", "/proc", "/sys/devices/system/cpu",
    "/sys/fs/cgroup",
)  # fmt: skip


def readable(given: Iterable[str]) -> tuple[Path, ...]:
    """The system's places and those given that exist; Invalid when one of them holds the server's home or files."""
    found = existing([*SYSTEM, *given])
    artifacts: Any = settings.STORAGES["artifacts"]
    own = [settings.MLREGISTRY_HOME, artifacts["OPTIONS"].get("location")]
    for place in (Path(path).resolve() for path in own if path):
        for folder in found:
            if place.is_relative_to(folder.resolve()):
                raise Invalid(
                    f"{folder} is open to foreign code and holds files of the server;"
                    " move the server's files elsewhere."
                )
    return found
