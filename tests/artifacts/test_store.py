"""The store: one copy per content and team, streamed, limited, nothing left behind."""

import hashlib
import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import storages
from django.utils import timezone

from mlregistry.accounts.models import Team
from mlregistry.artifacts import store
from mlregistry.artifacts.models import StoredFile
from mlregistry.errors import TooLarge, Unavailable

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return Team.objects.create(slug="ours", name="Ours")


def spools() -> list[Path]:
    return list(Path(settings.FILE_UPLOAD_TEMP_DIR).glob("spool-*"))


def exists(stored: StoredFile) -> bool:
    return storages["artifacts"].exists(stored.key)


def test_saved_bytes_come_back_with_their_digest(team: Team) -> None:
    stored = store.save(team, io.BytesIO(b"hello"), content_type="text/plain")
    with store.open_file(stored) as file:
        assert file.read() == b"hello"
    with store.local_path(stored) as path:
        assert path.read_bytes() == b"hello"
    assert (stored.size, stored.sha256) == (5, hashlib.sha256(b"hello").hexdigest())
    assert spools() == []


def test_a_path_is_copied_and_stays(team: Team, tmp_path: Path) -> None:
    source = tmp_path / "a.bin"
    source.write_bytes(b"x" * 3_000_000)
    assert store.save(team, source).size == 3_000_000
    assert source.exists()


def test_the_same_bytes_are_stored_once_per_team(team: Team) -> None:
    other = Team.objects.create(slug="theirs", name="Theirs")
    first, again = store.save(team, io.BytesIO(b"a")), store.save(team, io.BytesIO(b"a"))
    foreign = store.save(other, io.BytesIO(b"a"))
    assert first.pk == again.pk
    assert foreign.pk != first.pk


def test_lost_bytes_are_stored_anew(team: Team) -> None:
    first = store.save(team, io.BytesIO(b"a"))
    storages["artifacts"].delete(first.key)
    with pytest.raises(Unavailable):
        store.open_file(first)
    with pytest.raises(Unavailable), store.local_path(first):
        pass
    assert exists(store.save(team, io.BytesIO(b"a")))


def test_an_upload_over_the_limit_leaves_nothing(team: Team) -> None:
    with pytest.raises(TooLarge):
        store.save(team, io.BytesIO(b"x" * 11), limit=10)
    assert StoredFile.objects.count() == 0
    assert spools() == []


def test_a_stream_that_breaks_leaves_nothing(team: Team) -> None:
    class Broken:
        def read(self, size: int = -1, /) -> bytes:
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        store.save(team, Broken())
    assert StoredFile.objects.count() == 0
    assert spools() == []


@pytest.mark.django_db(transaction=True)
def test_discard_removes_row_and_bytes(team: Team) -> None:
    stored = store.save(team, io.BytesIO(b"a"))
    store.discard(stored)
    assert not StoredFile.objects.exists()
    assert not exists(stored)


@pytest.mark.django_db(transaction=True)
def test_discard_spares_what_another_upload_saved_since(team: Team) -> None:
    first = store.save(team, io.BytesIO(b"a"))
    store.save(team, io.BytesIO(b"a"))
    store.discard(first)
    assert exists(first)


@pytest.mark.django_db(transaction=True)
def test_the_sweep_takes_only_old_files_that_nothing_refers_to(team: Team) -> None:
    old, young = store.save(team, io.BytesIO(b"old")), store.save(team, io.BytesIO(b"young"))
    StoredFile.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=2))
    assert store.delete_unreferenced() == 1
    assert not exists(old)
    assert exists(young)
