"""`python -m benchmarks.pages`: every page of the server with 100,000 runs and 10 million metric points.

A database of its own is filled by copies of one run that was logged (some minutes, 6 GB) and the demonstration. Prints
server time (of the process's first request of it, then of many), processor time of Python, queries and bytes of each
page, then the first contentful paint of the main pages in headless Chromium.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from benchmarks.drift_work.database import answer_of, prepared, run
from benchmarks.served import PASSWORD, Server
from benchmarks.side_by_side.database import Database
from mlregistry.supervisor.postgres import SUPERUSER, Postgres

SLOWEST_MS, LARGEST_KB = 150.0, 300.0
N_THINGS = 100  # of each kind that pages list, beside the runs
PAINTED = (
    "", "problems/", "problems/<int:problem_id>/", "datasets/", "datasets/<int:dataset_id>/",
    "datasets/<int:dataset_id>/versions/<int:number>/", "datasets/<int:dataset_id>/versions/<int:number>/profile",
    "experiments/", "experiments/<int:experiment_id>/", "experiments/<int:experiment_id>/runs",
    "runs/<uuid:run_id>/", "runs/<uuid:run_id>/ trained", "compare", "compare curves", "studies/<int:study_id>/",
    "models/", "models/<str:name>/", "models/<str:name>/versions/<int:number>/", "endpoints/", "endpoints/<str:name>/",
    "endpoints/<str:name>/monitoring/", "ab-tests/<int:test_id>/", "jobs/", "inbox/", "activity/", "audit/",
)  # fmt: skip
ADMIN = ("/admin/", "/admin/experiments/run/")
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="mlregistry-pages-", dir=options.folder) as scratch:
        folder = Path(scratch)
        with prepared(folder) as environment:
            fill(folder, environment, options.runs, options.points)
            found = answer_of(
                environment, "benchmarks.pages_work.times", [str(options.times)], folder / "times.json"
            )
        told(found, options.runs, options.runs * options.points)
        if not options.no_paint:
            paths = {page["title"]: page["path"] for page in found["pages"]}
            painted(folder, [*(paths[title] for title in PAINTED), *ADMIN])


def fill(folder: Path, environment: Mapping[str, str], n_runs: int, points_per_run: int) -> None:
    answer = folder / "template.json"
    filling = ["-m", "benchmarks.pages_work.filling"]
    run({**environment, "MLREGISTRY_DEMO": "1"}, [*filling, "first", str(points_per_run), str(answer)])
    template = json.loads(answer.read_text(encoding="utf-8"))["run"]
    postgres = Postgres(folder / "postgres", folder / "postgres-socket")
    database = Database(postgres.url(), postgres.url(user=SUPERUSER))
    database.copy_runs(template, 1, n_runs - 1)
    run(environment, [*filling, "rest", str(N_THINGS)])
    database.settle()


def told(found: Mapping[str, Any], n_runs: int, n_points: int) -> None:
    print(f"\n{n_runs:,} runs, {n_points:,} metric points\n")
    print(
        "| page | first | median | p95 | of it Python | queries | kB | |\n|---|---:|---:|---:|---:|---:|---:|---|"
    )
    for page in sorted(found["pages"], key=lambda page: -page["p95"]):
        over = 1000 * page["p95"] > SLOWEST_MS or page["bytes"] / 1000 > LARGEST_KB
        times = " | ".join(f"{1000 * page[name]:.0f} ms" for name in ("first", "median", "p95", "cpu"))
        size = f"{page['bytes'] / 1000:.0f}"
        print(f"| {page['title']} | {times} | {page['queries']} | {size} | {'over' if over else ''} |")
    for page in [page for page in found["pages"] if 1000 * page["p95"] > SLOWEST_MS]:
        print(
            f"\n{page['title']}: slowest statement {1000 * float(page['slowest_seconds']):.0f} ms: {page['slowest']}"
        )
    for page in [page for page in found["pages"] if page["scanned"]]:
        print(f"\n{page['title']} reads from end to end: {', '.join(page['scanned'])}")
    odd = [page for page in found["left"] if page["status"] not in (302, 405)]
    print(f"\n{len(found['left']) - len(odd)} addresses answer no GET with a page; not asked or refused:")
    print("; ".join(f"{page['title']} ({page['status']})" for page in odd))


def painted(folder: Path, paths: Sequence[str]) -> None:
    """Each page thrice in a fresh window: the files are cached after the first."""
    server = Server(str(folder))
    try:
        server.wait()
        print("\n| page | first contentful paint |\n|---|---:|")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
            )
            page = browser.new_page(bypass_csp=True)  # the pages' policy forbids waiting for a condition
            page.goto(f"http://127.0.0.1:{server.port}/jobs/")
            page.fill("input[name=username]", "owner")
            page.fill("input[name=password]", PASSWORD)
            page.press("input[name=password]", "Enter")
            page.wait_for_selector("h1")
            for path in paths:
                times = []
                for _ in range(3):
                    page.goto(f"http://127.0.0.1:{server.port}{path}", wait_until="load")
                    page.wait_for_function(f"({PAINT}) > 0")
                    times.append(page.evaluate(PAINT))
                print(f"| {path} | {statistics.median(times):.0f} ms |", flush=True)
            browser.close()
    finally:
        server.stop()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--points", type=int, default=100, help="of each run")
    parser.add_argument("--times", type=int, default=40, help="how often each page is asked")
    parser.add_argument("--no-paint", action="store_true", help="without Chromium")
    parser.add_argument("--folder", default=os.environ.get("TMPDIR"), help="where the database is put")
    return parser.parse_args()


if __name__ == "__main__":
    main()
