"""A model's file that is damaged on this machine and in the artifact store alike, for a while."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlregistry.artifacts import store
from mlregistry.artifacts.models import StoredFile
from serving import model_files


@contextmanager
def damaged(cached: Path, sha256: str) -> Iterator[None]:
    """Both copies are whole again afterwards: tests that follow share them."""
    with store.local_path(StoredFile.objects.filter(sha256=sha256).order_by("pk")[0]) as kept:
        whole = {path: path.read_bytes() for path in (cached, kept)}
        for path, body in whole.items():
            path.write_bytes(bytes([body[0] ^ 1]) + body[1:])
        try:
            yield
        finally:
            for path, body in whole.items():
                path.write_bytes(body)
            model_files._refused.clear()
