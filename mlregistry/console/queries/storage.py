"""What is stored and how much room is left, for the console; remembered for a minute, as sums over files cost time."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.models import Sum

from mlregistry.artifacts.models import StoredFile
from mlregistry.sql_rows import fetched

REMEMBERED_SECONDS = 60
MOST_TABLES = 12
TABLES = """
    SELECT relname, pg_total_relation_size(relid), greatest(n_live_tup, 0)
    FROM pg_stat_user_tables ORDER BY 2 DESC LIMIT %(most)s
"""


@dataclass(frozen=True)
class Table:
    name: str
    n_bytes: int
    n_rows: int  # about, as the database's statistics know it


@dataclass(frozen=True)
class Storage:
    """Bytes. `files` are sums by what refers to them, the largest first; a file may serve several."""

    database: int
    tables: list[Table]
    stored: int
    files: list[tuple[str, int]]
    predictions: int
    disk_total: int
    disk_free: int

    @property
    def disk_used_percent(self) -> int:
        return round(100 * (self.disk_total - self.disk_free) / max(self.disk_total, 1))


def look() -> Storage:
    found: Storage | None = cache.get("console-storage")
    if found is None:
        found = _measured()
        cache.set("console-storage", found, REMEMBERED_SECONDS)
    return found


def _measured() -> Storage:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        database = int(cursor.fetchone()[0])
    disk = shutil.disk_usage(settings.MLREGISTRY_HOME)
    return Storage(
        database=database,
        tables=[Table(*row) for row in fetched(TABLES, {"most": MOST_TABLES})],
        stored=StoredFile.objects.aggregate(n=Sum("size"))["n"] or 0,
        files=sorted(_by_use(), key=lambda entry: -entry[1]),
        predictions=_size_of(Path(settings.MLREGISTRY_HOME) / "predictions"),
        disk_total=disk.total,
        disk_free=disk.free,
    )


def _by_use() -> list[tuple[str, int]]:
    """One sum for each kind of row that refers to files."""
    sums: dict[str, int] = {}
    for relation in StoredFile._meta.related_objects:
        model: Any = relation.related_model
        size = model._default_manager.aggregate(n=Sum(f"{relation.field.name}__size"))["n"] or 0
        name = str(model._meta.verbose_name_plural)
        sums[name] = sums.get(name, 0) + size
    return [(name, size) for name, size in sums.items() if size]


def _size_of(folder: Path) -> int:
    """The files right in it: segments of the prediction log that wait to be stored."""
    try:
        return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    except OSError:
        return 0
