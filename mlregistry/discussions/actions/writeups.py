"""Write-ups: create, save a version, restore an older one, delete, bring back. Editors write, everybody reads."""

from django.db import transaction
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role
from mlregistry.discussions.models import WriteUp, WriteUpVersion
from mlregistry.errors import Conflict
from mlregistry.lib.names import clean_name, clean_text

LONGEST_TEXT = 200_000
MOST_WRITEUPS = 2_000
MOST_VERSIONS = 1_000


def create_writeup(title: str, text: str, *, by: Actor) -> WriteUp:
    by.require(Role.EDITOR)
    title, text = _title(title), _text(text)
    if WriteUp.objects.filter(team=by.team, deleted_at=None).count() >= MOST_WRITEUPS:
        raise Conflict(f"A team has at most {MOST_WRITEUPS:,} write-ups; delete one first.")
    with transaction.atomic():
        writeup = WriteUp.objects.create(team=by.team, title=title, last_number=1, created_by=by.user)
        WriteUpVersion.objects.create(writeup=writeup, number=1, title=title, text=text, author=by.user)
        record(by, "writeup.create", writeup)
    return writeup


def save_writeup(
    writeup: WriteUp, title: str, text: str, *, base: int | None = None, by: Actor
) -> WriteUpVersion:
    """A new version; the newest when nothing changed. Conflict when somebody saved after version `base`."""
    by.require(Role.EDITOR)
    return _save(writeup, _title(title), _text(text), base=base, restored_from=None, by=by)


def restore_version(version: WriteUpVersion, *, by: Actor) -> WriteUpVersion:
    """What an older version said, as the newest; nothing between is lost."""
    by.require(Role.EDITOR)
    return _save(version.writeup, version.title, version.text, base=None, restored_from=version.number, by=by)


def delete_writeup(writeup: WriteUp, *, by: Actor) -> None:
    """It can be brought back for thirty days."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        WriteUp.objects.filter(pk=writeup.pk, deleted_at=None).update(deleted_at=timezone.now())
        record(by, "writeup.delete", writeup)


def restore_writeup(writeup: WriteUp, *, by: Actor) -> WriteUp:
    by.require(Role.EDITOR)
    with transaction.atomic():
        writeup.deleted_at = None
        writeup.save(update_fields=["deleted_at", "updated_at"])
        record(by, "writeup.undelete", writeup)
    return writeup


def _save(
    writeup: WriteUp, title: str, text: str, *, base: int | None, restored_from: int | None, by: Actor
) -> WriteUpVersion:
    with transaction.atomic():
        fresh = WriteUp.objects.select_for_update().get(pk=writeup.pk)
        last = WriteUpVersion.objects.get(writeup=fresh, number=fresh.last_number)
        if (last.title, last.text) == (title, text):
            return last
        if base is not None and base != fresh.last_number:
            raise Conflict(
                f"Version {fresh.last_number} was saved while you wrote on version {base}. "
                "Copy your text, look at what changed, and save again.",
                field="text",
            )
        if fresh.last_number >= MOST_VERSIONS:
            raise Conflict(
                f"A write-up has at most {MOST_VERSIONS:,} versions; begin a new one.", field="text"
            )
        fresh.last_number, fresh.title = fresh.last_number + 1, title
        fresh.save(update_fields=["last_number", "title", "updated_at"])
        version = WriteUpVersion.objects.create(
            writeup=fresh, number=fresh.last_number, title=title, text=text, author=by.user,
            restored_from=restored_from,
        )  # fmt: skip
        action = "writeup.save" if restored_from is None else "writeup.restore"
        record(by, action, fresh, version=version.number)
    return version


def _title(title: str) -> str:
    return clean_name(title, field="title")


def _text(text: str) -> str:
    return clean_text(text, field="text", max_length=LONGEST_TEXT).replace("\r\n", "\n")
