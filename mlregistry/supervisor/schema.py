"""The tables as all migrations leave them, in one file: an empty database gets them in a moment.

`manage.py prepare` loads them, `manage.py freeze_schema` writes the file; migrations stay the truth, and whatever
is newer than the file is migrated as ever.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from django.db import connection, transaction

from mlregistry.supervisor.postgres import FAST_AND_UNSAFE, Postgres, program

FILE = Path(__file__).with_name("schema.sql")
ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = re.compile(r"--|SET |SELECT pg_catalog\.set_config|\\|\s*$")
ONE_AT_A_TIME = 0x6D6C7265  # of several servers that start on one empty database
APPLIED = re.compile(r"(INSERT INTO public\.django_migrations .*, )'[^']+'\);$")


def load_into_empty() -> bool:
    """All or nothing; False, and nothing done, where there is any table or tables lie elsewhere than in public."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
        cursor.execute(
            "SELECT current_schema() = 'public' AND NOT EXISTS ("
            " SELECT FROM pg_catalog.pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r')"
        )
        (empty,) = cursor.fetchone() or (False,)
        if empty:
            cursor.execute("SET LOCAL check_function_bodies = false")
            cursor.execute(FILE.read_text(encoding="utf-8"))
        return bool(empty)


def frozen() -> str:
    """The file's text, from an empty database of a server of its own that all migrations are applied to."""
    with tempfile.TemporaryDirectory(prefix="mlregistry-schema-") as name:
        folder = Path(name)
        postgres = Postgres(folder / "postgres", folder / "socket", options=FAST_AND_UNSAFE)
        postgres.start()
        try:
            environment = {
                **os.environ,
                "DATABASE_URL": postgres.url(),
                "MLREGISTRY_HOME": str(folder / "home"),
                "DJANGO_SETTINGS_MODULE": "mlregistry.settings",
            }
            command = [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "0"]
            subprocess.run(command, env=environment, check=True)
            return _cleaned(_dumped(postgres.url()))
        finally:
            postgres.stop()


def _dumped(url: str) -> str:
    options = ["--no-owner", "--no-privileges", "--no-comments", "--inserts"]
    done = subprocess.run([program("pg_dump"), *options, url], check=True, capture_output=True, text=True)
    return done.stdout


def _cleaned(dump: str) -> str:
    """Without comments, and without settings that older servers do not know; times become the moment of loading."""
    lines = [APPLIED.sub(r"\1now());", line) for line in dump.splitlines() if not LEFT_OUT.match(line)]
    return "-- Made by `manage.py freeze_schema`; never changed by hand.\n" + "\n".join(lines) + "\n"
