"""`python -m benchmarks.curves`: a chart of 20 runs with a million points each, from the address to the picture.

Starts a server of its own, fills its database, and opens the comparison in Chromium, again and again; then it looks
closer at a twentieth of it, and sends points to a run that is watched. `--runs`, `--points`, `--rounds` and `--posts`
choose how much.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from typing import Any

from playwright.sync_api import Page, ViewportSize, sync_playwright

from benchmarks.served import PASSWORD, TOKEN, Server

FILL = "benchmarks.curves_work.fill"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
DRAWN = (
    "document.querySelector('.curve canvas') !== null && curveGrids[0].charts.get('loss').chart !== undefined"
)


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="mlregistry-curves-") as home:
        server = Server(home)
        try:
            server.wait()
            filled = _filled(home, options)
            figures = _measured(server, filled, options)
        finally:
            server.stop()
    print(
        f"\n{options.runs} runs with {options.points:,} points each, medians and greatest of {options.rounds} rounds\n"
    )
    print("| | median, s | greatest, s |")
    print("|---|---:|---:|")
    print(f"| folding all of it in the background, once | {filled['fold_seconds']:.2f} | |")
    for name, values in figures.items():
        print(f"| {name} | {statistics.median(values):.2f} | {max(values):.2f} |")


def _filled(home: str, options: argparse.Namespace) -> dict[str, Any]:
    words = [sys.executable, "-m", FILL, str(options.runs), str(options.points)]
    done = subprocess.run(
        words, env={**os.environ, "MLREGISTRY_HOME": home}, check=True, capture_output=True, text=True
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _measured(server: Server, filled: dict[str, Any], options: argparse.Namespace) -> dict[str, list[float]]:
    figures: dict[str, list[float]] = {}
    address = f"http://127.0.0.1:{server.port}"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        window: ViewportSize = {"width": 1440, "height": 900}
        page = chromium.new_page(
            viewport=window, bypass_csp=True
        )  # the page's policy forbids waiting for a condition
        page.goto(f"{address}/login/")
        page.fill("input[name=username]", "owner")
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_load_state()
        for _ in range(options.rounds):
            for name, seconds in _round(page, address, filled).items():
                figures.setdefault(name, []).append(seconds)
        figures["live: from the POST to the picture"] = _live(page, server, address, options.posts)
        compared = _live(page, server, address, options.posts, compared=True)
        figures["the same in a comparison with a second run that trains"] = compared
        chromium.close()
    return figures


def _live(page: Page, server: Server, address: str, n_posts: int, *, compared: bool = False) -> list[float]:
    """One point after another to a run that somebody watches, at moments that have nothing to do with its clock."""
    experiment = server.ask("experiments/", {"name": f"live {compared}"})["id"]
    run = server.ask(f"experiments/{experiment}/runs", {"name": "watched"})["id"]

    def post(step: int) -> None:
        metrics = [{"key": "loss", "value": 1 / (step + 1), "step": step}]
        request = urllib.request.Request(  # noqa: S310 (our own server)
            f"{address}/api/v1/runs/{run}/log-batch",
            data=json.dumps({"metrics": metrics}).encode(),
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=60).close()  # noqa: S310 (our own server)

    for step in range(2):
        post(step)
    if compared:
        other = server.ask(f"experiments/{experiment}/runs", {"name": "other"})["id"]
        page.goto(f"{address}/compare?run={run}&run={other}&view=curves")
    else:
        page.goto(f"{address}/runs/{run}/#charts")
    drawn = "(n) => curveGrids[0].charts.get('loss')?.chart?.data[0].length === n"
    page.wait_for_function(drawn, arg=2)
    found = []
    for step in range(2, 2 + n_posts):
        time.sleep(0.137 * (step % 9))
        begin = time.perf_counter()
        post(step)
        page.wait_for_function(drawn, arg=step + 1)
        found.append(time.perf_counter() - begin)
    return found


def _round(page: Page, address: str, filled: dict[str, Any]) -> dict[str, float]:
    found: dict[str, float] = {}
    begin = time.perf_counter()
    page.goto(f"{address}/compare?view=curves&ids={filled['ids']}")
    page.wait_for_function(DRAWN)
    found["address to picture, all curves"] = time.perf_counter() - begin
    entry = "performance.getEntriesByType('resource').filter((e) => e.name.includes('metric-curves'))"
    found["of it the request for the points"] = page.evaluate(f"{entry}[0].duration / 1000")
    box = page.locator(".u-over").first.bounding_box()
    if box:
        page.mouse.move(box["x"] + 0.40 * box["width"], box["y"] + 80)
        page.mouse.down()
        page.mouse.move(box["x"] + 0.45 * box["width"], box["y"] + 80, steps=4)
        page.mouse.up()
        begin = time.perf_counter()
        page.wait_for_function("() => curveGrids[0].charts.get('loss').fine.size > 0")
        found["zoom to a twentieth, to its finer picture"] = time.perf_counter() - begin
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time charts of long curves.")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--posts", type=int, default=40, help="points that are sent to a watched run")
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
