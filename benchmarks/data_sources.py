"""What it costs to bring data in: CSV, SQL, appended rows, previews, batches of rows. Run it as a module.

Each row of the table is measured in a process of its own: processor seconds and peak memory come from the kernel.
"""

import argparse
import contextlib
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from mlregistry.supervisor.postgres import FAST_AND_UNSAFE, Postgres

WIDTH = 30
GOALS = {
    "csv": "≤ 5 CPU-s, ≤ 512 MB", "sql": "≤ 6 CPU-s, ≤ 300 MB", "append": "≤ 2 % more, again 0 bytes",
    "preview": "≤ 300 ms", "page": "≤ 300 ms", "rows": "≤ 20 ms p50",
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=320, help="size of the CSV file")
    parser.add_argument("--large", type=int, default=1_000, help="megabytes of CSV that are appended to")
    parser.add_argument("--small", action="store_true", help="a tenth of everything, to try the program")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the SQL source")
    parser.add_argument("--only", choices=sorted(GOALS), help="one row of the table")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.small:
        options.megabytes, options.rows, options.large = 32, 100_000, 100
    if options.child:
        print(json.dumps(_child(json.loads(options.child))))
        return
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        _run(Path(folder), options)


def _run(folder: Path, options: argparse.Namespace) -> None:
    print("| work | goal | CPU-s | wall s | peak MB | figure |\n|---|---|---:|---:|---:|---|")
    if options.only in (None, "csv"):
        _write_csv(folder / "big.csv", options.megabytes)
        _tell(f"CSV of {options.megabytes} MB → Parquet", "csv", {"work": "csv", "folder": str(folder)})
    with _server(folder) as (environment, port):
        shared = {"folder": str(folder), "port": port, "rows": options.rows, "large": options.large}
        for work, title in (
            ("sql", f"SQL source, {options.rows:,} × 10"),
            ("append", f"append 1 % to {options.large:,} MB of CSV"),
            ("preview", "50 rows of it at any place"),
            ("page", "its page: preview and column statistics"),
            ("rows", "1,000 rows by HTTP"),
        ):  # fmt: skip
            if options.only in (None, work) or (options.only in ("preview", "page") and work == "append"):
                _tell(title, work, {"work": work, **shared}, environment)


def _tell(title: str, goal: str, ask: dict[str, Any], environment: dict[str, str] | None = None) -> None:
    command = [sys.executable, "-m", "benchmarks.data_sources", "--child", json.dumps(ask)]
    done = subprocess.run(command, env=environment or dict(os.environ), capture_output=True, text=True)
    if done.returncode:
        print(done.stderr[-3000:])
        return
    found = json.loads(done.stdout.splitlines()[-1])
    figures = [f"{found['cpu']:.1f}", f"{found['wall']:.1f}", f"{found['mb']:.0f}", found["figure"]]
    print("|", " | ".join([title, GOALS[goal], *figures]), "|", flush=True)


def _child(ask: dict[str, Any]) -> dict[str, Any]:
    """Do the work in this process; what was needed to get ready for it is not counted."""
    works = {"csv": _csv, "sql": _sql, "append": _append, "preview": _preview, "page": _page, "rows": _rows}
    work = works[ask["work"]](ask)
    next(work)
    before, started = _cpu(), time.perf_counter()
    figure = next(work)
    return {"cpu": _cpu() - before, "wall": time.perf_counter() - started, "mb": _peak(), "figure": figure}


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak() -> float:
    """Megabytes; not ru_maxrss, which begins at the size of the process that started this one."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _csv(ask: dict[str, Any]) -> Iterator[str]:
    from mlregistry.ml import tables  # noqa: PLC0415  # measured: a process that has nothing else loaded

    yield ""
    info = tables.convert(
        Path(ask["folder"]) / "big.csv", "big.csv", Path(ask["folder"]) / "out" / "t.parquet"
    )
    yield f"{info.n_rows:,} × {info.n_columns}"


def _room() -> tuple[Any, Any]:
    """An editor and a dataset in the benchmark's database."""
    import django  # noqa: PLC0415  # after Django is set up

    django.setup()
    from experiments.actions import datasets  # noqa: PLC0415  # after Django is set up
    from mlregistry.accounts.actor import Actor  # noqa: PLC0415  # after Django is set up
    from mlregistry.accounts.models import Team  # noqa: PLC0415  # after Django is set up

    team, _ = Team.objects.get_or_create(slug="bench", defaults={"name": "Bench"})
    by = Actor.system(team)
    return by, datasets.create_dataset(f"bench {time.time_ns()}", by=by)


def _sql(ask: dict[str, Any]) -> Iterator[str]:
    by, dataset = _room()
    from django.db import connection  # noqa: PLC0415  # after Django is set up

    from experiments.actions import sources  # noqa: PLC0415  # after Django is set up

    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_rows AS SELECT i AS id, now() + i * interval '1 s' AS at, md5(i::text) AS key,"
            " i %% 2 = 0 AS ok, random() AS a, random() * 1000 AS b, (random() * 1000)::int AS c,"
            " (random() * 1e6)::bigint AS d, (ARRAY['red', 'green', 'blue'])[1 + i %% 3] AS colour,"
            " 'place ' || i %% 50 AS place FROM generate_series(1, %s) AS i",
            [ask["rows"]],
        )
    config = {"host": "127.0.0.1", "port": str(ask["port"]), "database": connection.settings_dict["NAME"],
              "user": connection.settings_dict["USER"], "query": "SELECT * FROM bench_rows"}  # fmt: skip
    source = sources.create_source(dataset, "sql", config=config, by=by)
    yield ""
    version = sources.refresh(source, lambda fraction, message: None, by=by)
    yield f"{version.n_rows:,} × {version.n_columns}" if version else "nothing"


def _append(ask: dict[str, Any]) -> Iterator[str]:
    by, dataset = _room()
    from django.db.models import Sum  # noqa: PLC0415  # after Django is set up

    from experiments.actions import datasets  # noqa: PLC0415  # after Django is set up
    from mlregistry.artifacts.models import StoredFile  # noqa: PLC0415  # after Django is set up

    def stored() -> int:
        return int(StoredFile.objects.aggregate(n=Sum("size"))["n"] or 0)

    whole, some = Path(ask["folder"]) / "whole.csv", Path(ask["folder"]) / "some.csv"
    _write_csv(whole, ask["large"])
    _write_csv(some, max(1, ask["large"] // 100))
    start = stored()
    datasets.add_version(dataset, whole, filename="whole.csv", by=by)
    first = stored()
    yield ""
    datasets.add_version(dataset, some, filename="some.csv", append=True, by=by)
    second = stored()
    datasets.add_version(dataset, some, filename="some.csv", append=True, by=by)
    yield f"{(second - first) / (first - start):.2%} more; the same again {stored() - second} bytes"


def _preview(ask: dict[str, Any]) -> Iterator[str]:
    _room()
    from experiments.queries import datasets as queries  # noqa: PLC0415  # after Django is set up

    version = _largest()
    step = version.n_rows // 20
    yield ""
    times = [_timed(lambda n=n: queries.preview(version, offset=n * step, limit=50)) for n in range(20)]
    yield _told(times)


def _page(ask: dict[str, Any]) -> Iterator[str]:
    by, _ = _room()
    from django.test import Client  # noqa: PLC0415  # after Django is set up

    version = _largest()
    client = Client()
    client.force_login(_editor(by).user)
    address = f"/datasets/{version.dataset_id}/versions/{version.number}/"
    first = client.get(address, HTTP_HOST="127.0.0.1")
    assert first.status_code == 200, (address, first.status_code)
    yield ""
    times = [_timed(lambda: client.get(address, HTTP_HOST="127.0.0.1")) for _ in range(20)]
    yield _told(times)


def _told(times: list[float]) -> str:
    return f"{statistics.median(times) * 1000:.0f} ms p50, {max(times) * 1000:.0f} ms at most"


def _largest() -> Any:
    """The version that `append` left."""
    from experiments.models import DatasetVersion  # noqa: PLC0415  # after Django is set up

    version = DatasetVersion.objects.order_by("-n_rows").first()
    assert version is not None, "run append before"
    return version


def _editor(by: Any) -> Any:
    from mlregistry.accounts.actor import Actor  # noqa: PLC0415  # after Django is set up
    from mlregistry.accounts.models import Membership, Role, User  # noqa: PLC0415  # after Django is set up

    user, _ = User.objects.get_or_create(username="bench", defaults={"default_team": by.team})
    Membership.objects.get_or_create(team=by.team, user=user, defaults={"role": Role.EDITOR})
    return Actor(user, by.team, Role.EDITOR)


def _rows(ask: dict[str, Any]) -> Iterator[str]:
    by, dataset = _room()
    from rest_framework.test import APIClient  # noqa: PLC0415  # after Django is set up

    from mlregistry.accounts.actions import tokens  # noqa: PLC0415  # after Django is set up

    _, secret = tokens.create_token("bench", scopes={"read", "write"}, by=_editor(by))
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    address = f"/api/v1/datasets/{dataset.pk}/rows"
    bodies = [_batch(n) for n in range(40)]
    for body in bodies[:5]:
        client.post(address, body, content_type="application/json")
    yield ""
    times = [
        _timed(lambda body=body: client.post(address, body, content_type="application/json"))
        for body in bodies[5:]
    ]
    yield f"{statistics.median(times) * 1000:.1f} ms p50, {min(times) * 1000:.1f} ms at best"


def _batch(number: int) -> bytes:
    rows = [
        {"key": f"{number}-{i}", "event_at": "2024-01-31T12:00:00Z",
         "values": {"temperature": i / 7, "pressure": 1000 + i, "room": "a", "ok": True, "level": i % 9}}
        for i in range(1000)
    ]  # fmt: skip
    return json.dumps({"rows": rows}).encode()


def _timed(work: Any) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _write_csv(path: Path, megabytes: int) -> None:
    """Times, keys, flags, numbers, categories and gaps, of about this size."""
    if path.exists():
        return
    floats = ", ".join(f"round(random() * 1000, {2 + i % 3}) AS x{i}" for i in range(8))
    whole = ", ".join(f"(random() * {10 ** (i + 2)})::BIGINT AS n{i}" for i in range(8))
    texts = ", ".join(
        f"['red', 'green', 'blue', 'violet'][1 + (random() * 3)::INT] || '{i}' AS c{i}" for i in range(6)
    )
    gaps = ", ".join(
        f"CASE WHEN random() < 0.1 THEN NULL ELSE round(random() * 100, 3) END AS g{i}" for i in range(4)
    )
    n_rows = megabytes * 1_000_000 // 224
    duckdb.connect().execute(
        "COPY (SELECT i AS id, TIMESTAMP '2024-01-01' + to_seconds(i) AS at, md5(i::VARCHAR)[:12] AS key,"  # noqa: S608  # no text of anybody else's
        f" random() < 0.5 AS ok, {floats}, {whole}, {texts}, {gaps} FROM range({n_rows}) AS t(i)) TO '{path}' (HEADER)"
    )


@contextlib.contextmanager
def _server(folder: Path) -> Iterator[tuple[dict[str, str], int]]:
    """A database of the benchmark's own with all tables, and a port of the loopback that leads to it."""
    postgres = Postgres(folder / "postgres", folder / "socket", options=FAST_AND_UNSAFE)
    postgres.start()
    environment = {
        **os.environ, "DATABASE_URL": postgres.url(), "MLREGISTRY_HOME": str(folder / "home"),
        "DJANGO_SETTINGS_MODULE": "mlregistry.settings", "MLREGISTRY_ALLOWED_NETWORKS": "127.0.0.0/8",
    }  # fmt: skip
    try:
        subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], env=environment, check=True)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            threading.Thread(target=_lead, args=(listener, folder / "socket"), daemon=True).start()
            yield environment, listener.getsockname()[1]
    finally:
        postgres.stop()


def _lead(listener: socket.socket, sockets: Path) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _ = listener.accept()
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(sockets / ".s.PGSQL.5432"))
            for one, two in ((client, server), (server, client)):
                threading.Thread(target=_pump, args=(one, two), daemon=True).start()


def _pump(one: socket.socket, two: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(1 << 20):
            two.sendall(data)
        two.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    main()
