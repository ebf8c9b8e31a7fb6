"""The file with the tables of all migrations: the same as they make, loaded into empty databases only."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from mlregistry.supervisor import schema
from mlregistry.supervisor.postgres import FAST_AND_UNSAFE, Postgres

ROOT = Path(__file__).resolve().parents[2]


def test_the_file_holds_what_the_migrations_make() -> None:
    assert schema.frozen() == schema.FILE.read_text(encoding="utf-8"), (
        "A migration is newer than mlregistry/supervisor/schema.sql: run `manage.py freeze_schema`."
    )


@pytest.mark.django_db
def test_a_database_that_has_tables_is_left_alone() -> None:
    before = connection.introspection.table_names()
    assert not schema.load_into_empty()
    assert connection.introspection.table_names() == before


@pytest.mark.django_db
def test_an_empty_database_gets_all_that_the_migrations_make(tmp_path: Path) -> None:
    postgres = Postgres(tmp_path / "postgres", tmp_path / "s", options=FAST_AND_UNSAFE)
    postgres.start()
    try:
        environment = {
            **os.environ,
            "DATABASE_URL": postgres.url(),
            "MLREGISTRY_HOME": str(tmp_path / "home"),
            "MLREGISTRY_DEMO": "0",
        }
        subprocess.run([sys.executable, "manage.py", "prepare"], cwd=ROOT, env=environment, check=True)
        with closing(psycopg2.connect(postgres.url())) as other, other.cursor() as cursor:
            cursor.execute("SELECT app, name FROM django_migrations")
            applied = set(cursor.fetchall())
            cursor.execute("SELECT codename FROM auth_permission")
            found = sorted(codename for (codename,) in cursor.fetchall())
    finally:
        postgres.stop()
    assert applied == set(MigrationLoader(connection).disk_migrations)
    assert found == sorted(Permission.objects.values_list("codename", flat=True))
