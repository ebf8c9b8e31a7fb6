"""The audit trail with a million lines: what each filter costs, by which index, and what a new line costs.

`python -m benchmarks.audit_trail [--lines 1000000]` starts a PostgreSQL of its own and prints a table.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg2

from mlregistry.supervisor import schema
from mlregistry.supervisor.postgres import Postgres

N_ROUNDS = 15
N_NEW = 500
N_BULK = 20_000
OF_FILTERS = ("audit_by_user", "audit_by_action", "audit_by_name", "audit_by_address")
FILL = """
    INSERT INTO accounts_auditevent
        (team_id, user_id, action, target_type, target_id, target_name, details, via, at, address)
    SELECT team.id, people.id,
           (ARRAY['run.finish', 'run.create', 'model.create', 'endpoint.update', 'job.cancel'])[1 + (n * 7) %% 5],
           (ARRAY['experiments.run', 'experiments.run', 'models_app.registeredmodel', 'serving.endpoint', 'jobs.job'])
               [1 + (n * 7) %% 5],
           (n %% 5000)::text, 'thing ' || (n %% 5000), '{"status": "FINISHED"}',
           (ARRAY['api', 'mlflow', 'web'])[1 + n %% 3], now() - n * interval '40 seconds',
           ('192.0.2.' || n %% 200)::inet
    FROM generate_series(1, %s) AS n
    JOIN accounts_team AS team ON team.slug = 'lab'
    JOIN LATERAL (SELECT id FROM accounts_user ORDER BY id OFFSET (n / 7) %% 20 LIMIT 1) AS people ON true
"""
FILTERS: dict[str, dict[str, str]] = {
    "none": {},
    "person": {"user": "user7"},
    "action": {"action": "endpoint.update"},
    "action that is rare": {"action": "team."},
    "kind of thing": {"target_type": "serving.endpoint"},
    "one thing": {"target_type": "experiments.run", "target_id": "17"},
    "name begins with": {"target": "thing 4999"},
    "name that is not there": {"target": "nothing"},
    "address": {"address": "192.0.2.77"},
    "address that is not there": {"address": "198.51.100.1"},
    "one day": {"since": "2026-01-05", "until": "2026-01-05"},
    "person and action": {"user": "user7", "action": "run."},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    n_lines = parser.parse_args().lines
    with tempfile.TemporaryDirectory() as folder:
        postgres = Postgres(Path(folder) / "postgres", Path(folder) / "socket")
        postgres.start()
        try:
            os.environ |= {"DATABASE_URL": postgres.url(), "MLREGISTRY_HOME": folder}
            _tables(postgres.url())
            _measure(n_lines)
        finally:
            postgres.stop()


def _tables(url: str) -> None:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(schema.FILE.read_text(encoding="utf-8"))
        connection.commit()


def _measure(n_lines: int) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "mlregistry.settings"
    django = import_module("django")
    django.setup()
    call = import_module("django.core.management").call_command
    call("migrate", verbosity=0)
    by = _cast()
    _fill(n_lines)
    print(f"{n_lines:,} lines; a page of 50; median of {N_ROUNDS} rounds\n")
    print("| filter | first page | second page | read by |\n|---|---|---|---|")
    queries = import_module("mlregistry.accounts.queries.audit")
    for name, wanted in FILTERS.items():
        first = queries.one_page(by, wanted, size=50)
        one = _median(partial(queries.one_page, by, wanted, size=50))
        token = first.older or ""
        two = _median(partial(queries.one_page, by, wanted, size=50, token=token))
        plan = queries.filtered(by, wanted).order_by(*queries.NEWEST_FIRST)[:51].explain()
        index = next((word for word in plan.split() if word.startswith("audit_by")), "a scan")
        print(f"| {name} | {one:.1f} ms | {two:.1f} ms | {index} |")
    print(
        f"\nactions on offer {_median(lambda: queries.actions_of(by)):.1f} ms, kinds {_median(queries.kinds):.1f} ms"
    )
    print(f"{N_NEW:,} new lines, one commit each: {_new_lines(by):.3f} ms each")
    print(f"the table and its indexes: {_size()}")
    print(
        f"{N_BULK:,} lines in one statement: {_bulk():.1f} µs each with the indexes of the filters, ", end=""
    )
    _without_filters()
    print(f"{_bulk():.1f} µs without")


def _cast() -> Any:
    models = import_module("mlregistry.accounts.models")
    team = models.Team.objects.create(slug="lab", name="The lab")
    people = [models.User.objects.create(username=f"user{n}", default_team=team) for n in range(20)]
    models.Membership.objects.create(team=team, user=people[0], role=models.Role.OWNER)
    return import_module("mlregistry.accounts.queries.actors").for_user(people[0])


def _fill(n_lines: int) -> None:
    connection = import_module("django.db").connection
    with connection.cursor() as cursor:
        cursor.execute(FILL, [n_lines])
        cursor.execute("VACUUM ANALYZE accounts_auditevent")


def _median(act: Callable[[], object]) -> float:
    times = []
    for _ in range(N_ROUNDS):
        started = time.perf_counter()
        act()
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)


def _new_lines(by: Any) -> float:
    audit = import_module("mlregistry.accounts.audit")
    started = time.perf_counter()
    for _ in range(N_NEW):
        audit.record(by, "team.update", by.team, changed=["name"])
    return 1000 * (time.perf_counter() - started) / N_NEW


def _bulk() -> float:
    """Microseconds a line, of a statement that is rolled back."""
    db = import_module("django.db")
    with db.transaction.atomic(), db.connection.cursor() as cursor:
        started = time.perf_counter()
        cursor.execute(FILL, [N_BULK])
        taken = time.perf_counter() - started
        db.transaction.set_rollback(True)
    return 1e6 * taken / N_BULK


def _without_filters() -> None:
    connection = import_module("django.db").connection
    with connection.cursor() as cursor:
        for name in OF_FILTERS:
            cursor.execute(f"DROP INDEX {name}")


def _size() -> str:
    connection = import_module("django.db").connection
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_size_pretty(pg_table_size('accounts_auditevent')), "
            "pg_size_pretty(pg_indexes_size('accounts_auditevent'))"
        )
        table, indexes = cursor.fetchone()
    return f"{table} and {indexes}"


if __name__ == "__main__":
    main()
