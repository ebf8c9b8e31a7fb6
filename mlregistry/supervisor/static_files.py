"""Collects the static files of the pages, and only when one of them changed; called at installing and starting."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

UNUSED = ["drf_spectacular_sidecar/redoc*"]


def collect() -> bool:
    """Whether there was anything to do."""
    root = Path(settings.STATIC_ROOT)
    stamp = root / ".collected"
    found = fingerprint()
    with _alone(root):
        if stamp.exists() and stamp.read_text() == found:
            return False
        call_command("collectstatic", interactive=False, clear=True, verbosity=0, ignore_patterns=UNUSED)
        stamp.write_text(found)
        return True


def fingerprint() -> str:
    """A digest over the path, size and time of change of every static file."""
    digest = hashlib.sha256(repr(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            state = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Servers of one checkout share the folder: they take turns."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlregistry.settings")
    django.setup()
    collect()
