"""How long somebody who has pressed “Start training” or “Just train it” waits for a figure on the page.

Called by benchmarks.studies. The form is posted and the page asked for as the browser does: at once, and then every
so many seconds.
"""

import re
import time
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.served import Browser, Server

N_ROWS, N_COLUMNS = 7_000, 20
POLL_SECONDS = 2.0
MOST_SECONDS = 120.0


def table() -> pd.DataFrame:
    """As large as the telco table: numbers and categories, a churn of about a quarter that follows from some."""
    chance = np.random.default_rng(7)
    numbers = chance.normal(size=(N_ROWS, 9)).round(3)
    frame = pd.DataFrame(numbers, columns=[f"number_{n}" for n in range(9)])
    for n in range(N_COLUMNS - 10):
        frame[f"kind_{n}"] = chance.choice(["no", "yes", "no service"][: 2 + n % 2], N_ROWS)
    pull = frame["number_0"] - frame["number_1"] + (frame["kind_0"] == "yes") + chance.logistic(size=N_ROWS)
    frame["churn"] = np.where(pull > 1.8, "yes", "no")
    return frame


def _uploaded(server: Server) -> tuple[int, int]:
    """The ids of a new problem and a new dataset version."""
    problem = server.ask("problems/", {
        "name": f"Churn {time.time():.3f}", "kind": "classification", "target": "churn", "primary_metric": "roc_auc",
    })  # fmt: skip
    dataset = server.ask("datasets/", {"name": f"Customers {time.time():.3f}"})
    data = table().to_csv(index=False).encode()
    version = server.ask(f"datasets/{dataset['id']}/versions/", raw=data, name="customers.csv")
    return problem["id"], version["id"]


def first_just_trained(server: Server, minutes: float = 1.0) -> dict[str, float]:
    """Seconds from the post to a poll of the page that shows a figure, and one that shows a model's beside it."""
    problem, version = _uploaded(server)
    browser = Browser(server)
    started = time.monotonic()
    address, page = browser.submit(
        f"/problems/{problem}/just-train", {"version": version, "minutes": minutes, "wish": ""}
    )
    found: dict[str, float] = {}
    try:
        while time.monotonic() - started < MOST_SECONDS:
            seconds = time.monotonic() - started
            n_figures = len(_scored(page.partition("The best of each family")[2].partition("</section>")[0]))
            if n_figures:
                found.setdefault("first figure of “Just train it”", seconds)
            if n_figures > 1:
                return found | {"its second model's": seconds}
            poll = 3.0 if n_figures else 1.0
            time.sleep(poll - (time.monotonic() - started) % poll)
            page = browser.get(address, htmx=True)
    finally:
        server.ask(f"just-trainings/{re.findall(r'[0-9]+', address)[0]}/cancel", {})
    raise SystemExit("The page showed no figure within two minutes.")


def first_metric(server: Server, estimator: str = "hist_gradient_boosting") -> dict[str, float]:
    """Seconds from the post to a poll that shows the baseline's figure, and one that shows the estimator's."""
    problem, version = _uploaded(server)
    browser = Browser(server)
    fields: dict[str, Any] = {
        "version": version, "estimator": [estimator], "folds": 0, "repeats": 1, "seed": 42,
        "split.method": "train_test", "split.test_fraction": 0.2, "split.stratify": "on",
    }  # fmt: skip
    started = time.monotonic()
    address, page = browser.submit(f"/problems/{problem}/train", fields)
    found: dict[str, float] = {}
    while time.monotonic() - started < MOST_SECONDS:
        seconds = time.monotonic() - started
        n_figures = len(_scored(page))
        if n_figures:
            found.setdefault("first figure", seconds)
        if n_figures > 1:
            return found | {"the estimator's": seconds}
        time.sleep(max(0.0, POLL_SECONDS - (time.monotonic() - started) % POLL_SECONDS))
        page = browser.get(address, htmx=True)
    raise SystemExit("The leaderboard showed no figure within two minutes.")


def _scored(page: str) -> list[str]:
    """The rows of a leaderboard whose primary metric is a number."""
    rows = re.findall(r"<tr.*?</tr>", page, re.DOTALL)
    cells = [re.findall(r'<td class="n">(.*?)</td>', row, re.DOTALL) for row in rows]
    return [one[0] for one in cells if one and re.search(r"\d", one[0])]
