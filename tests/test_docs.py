"""What the pages in docs/ say is so: filters run, variables are read, routes are there, limits are the code's.

`WRITE_DOCS=1 make test ARGS=tests/test_docs.py` writes docs/mlflow_routes.md anew.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from experiments.actions import experiments as experiment_actions
from experiments.actions import logged_models as logged_model_actions
from experiments.actions import logging, run_tags
from experiments.queries import experiments as experiment_queries
from experiments.queries import histories, logged_models
from experiments.queries import search as run_queries
from mlregistry.accounts.models import Team
from mlregistry.errors import Invalid
from mlregistry.lib import filter_expr, names
from mlregistry.lib.filter_expr import comparisons, orders, parser
from mlregistry.mlflow_api import authentication, run_reads, runs, webhooks
from mlregistry.mlflow_api.routes import ROUTES
from mlregistry.mlflow_api.wire import MOST_BYTES
from models_app.actions import alias_names, tags
from models_app.actions import models as model_actions
from models_app.queries import search as registry

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
SEARCH, OPERATING, MLFLOW = ((DOCS / name).read_text() for name in ("search.md", "operating.md", "mlflow.md"))
BLOCK = re.compile(r"^```(filter|order|refused) ([a-z ]+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
READ = re.compile(r"\b(?:text|flag|number|networks)\(\s*\"([A-Z][A-Z_]+)\"")
SOURCES = ("mlregistry", "experiments", "models_app", "serving")
GRAMMARS = {
    grammar.noun: grammar
    for grammar in (
        filter_expr.RUNS, filter_expr.EXPERIMENTS, filter_expr.REGISTERED_MODELS, filter_expr.MODEL_VERSIONS,
        filter_expr.LOGGED_MODELS,
    )
}  # fmt: skip
Example = tuple[str, str]
SEARCHES: dict[str, Callable[[int, str, tuple[str, ...]], object]] = {
    "runs": lambda team, filter, order: run_queries.page(
        run_queries.Scope(team, (1,), "maximize"), run_queries.Wanted(filter=filter, order_by=order)
    ),
    "experiments": lambda team, filter, order: experiment_queries.search(team, filter=filter, order_by=order),
    "registered models": lambda team, filter, order: registry.search_models(
        team, filter=filter, order_by=order
    ),
    "model versions": lambda team, filter, order: registry.search_versions(
        team, filter=filter, order_by=order
    ),
    "logged models": lambda team, filter, order: logged_models.search(
        team, [1], filter=filter, order_by=[logged_models.Sorting(each.split()[0]) for each in order]
    ),
}


def _examples(kind: str) -> list[Example]:
    found = [(noun, text.splitlines()) for name, noun, text in BLOCK.findall(SEARCH) if name == kind]
    return [(noun, line) for noun, lines in found for line in lines]


@pytest.mark.parametrize(("noun", "text"), _examples("filter"))
def test_each_filter_of_the_page_finds(noun: str, text: str, team: Team) -> None:
    assert filter_expr.parse(text, GRAMMARS[noun]) is not None
    SEARCHES[noun](team.pk, text, ())


@pytest.mark.parametrize(("noun", "text"), _examples("order"))
def test_each_order_of_the_page_orders(noun: str, text: str, team: Team) -> None:
    assert filter_expr.parse_order([text], GRAMMARS[noun])
    SEARCHES[noun](team.pk, "", (text,))


@pytest.mark.parametrize(("noun", "text"), _examples("refused"))
def test_each_refused_filter_of_the_page_is_refused(noun: str, text: str) -> None:
    with pytest.raises(Invalid):
        filter_expr.parse(text, GRAMMARS[noun])


@pytest.mark.parametrize("noun", GRAMMARS)
def test_each_noun_has_its_examples_and_all_its_names_on_the_page(noun: str) -> None:
    assert {noun} <= {name for kind in ("filter", "order") for name, _ in _examples(kind)}
    section = SEARCH.partition(f"### {noun.capitalize()}\n")[2].partition("\n### ")[0].partition("\n## ")[0]
    shown = set(re.findall(r"`(\w+)`", section))
    grammar = GRAMMARS[noun]
    spelled = {name for each in grammar.attributes for name in (each.name, *each.aliases)}
    expected = {name for name in {*grammar.entities, *spelled} if name.isidentifier()} - {
        "created",
        "Created",
    }
    assert expected - shown == set()


def test_the_page_of_settings_names_the_variables_that_are_read_and_no_others() -> None:
    read = {"PORT", "HOST"}
    for folder in SOURCES:
        for path in (ROOT / folder).rglob("*.py"):
            read |= set(READ.findall(path.read_text()))
    rows = [line.split("|")[1] for line in OPERATING.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}
    assert named == read


def test_the_page_of_routes_is_that_of_the_table() -> None:
    page = DOCS / "mlflow_routes.md"
    if os.environ.get("WRITE_DOCS"):
        page.write_text(_routes_page())
    assert page.read_text() == _routes_page()


def _routes_page() -> str:
    lines = [
        "# Routes of MLflow's API",
        "",
        "Written from `mlregistry.mlflow_api.routes`; [tests/test_docs.py](../tests/test_docs.py) holds it to that.",
        "Paths follow `/api/` and `/ajax-api/` (`graphql`, `…get-artifact`: the host), also behind `/t/<team>`.",
        "The last column is the least role.",
        "",
        "| method | path | role |",
        "|---|---|---|",
    ]
    rows = sorted({(route.path, route.method, route.role) for route in ROUTES}, key=str)
    lines += [f"| {method} | `{path}` | {role or 'nobody logs in'} |" for path, method, role in rows]
    return "\n".join(lines) + "\n"


LIMITS = {
    "a filter, characters": parser.LONGEST_FILTER,
    "a filter, comparisons": parser.MOST_COMPARISONS,
    "a filter, levels of parentheses": parser.DEEPEST,
    "a regular expression, characters": comparisons.LONGEST_PATTERN,
    "terms of an order": orders.MOST_TERMS,
    "metrics of a log-batch": runs.MOST_METRICS,
    "params of a log-batch": runs.MOST_PARAMS,
    "tags of a log-batch": runs.MOST_TAGS,
    "all of a log-batch together": runs.MOST_TOGETHER,
    "name of a param, metric or tag": names.MAX_KEY,
    "value of a param": logging.MAX_PARAM,
    "value of a run's tag": run_tags.MAX_TAG,
    "value of an experiment's tag": experiment_actions.MAX_TAG,
    "value of a model's or version's tag": tags.LONGEST_TAG,
    "name of a registered model": model_actions.LONGEST_NAME,
    "name of a logged model": logged_model_actions.MAX_NAME,
    "alias": alias_names.LONGEST_NAME,
    "body of a request, MB": MOST_BYTES // 1024**2,
    "runs on a page": run_queries.MOST_RESULTS,
    "experiments on a page": experiment_queries.MOST_RESULTS,
    "registered models on a page": registry.MOST_MODELS,
    "model versions on a page": registry.MOST_VERSIONS,
    "logged models on a page": logged_models.MOST_RESULTS,
    "webhooks on a page": webhooks.MOST_RESULTS,
    "points of history on a page": histories.MOST_POINTS,
    "runs of a bulk history": histories.MOST_RUNS,
    "points of a bulk history": histories.MOST_BULK_POINTS,
    "points per run of a history by interval": histories.MOST_SAMPLES,
    "experiments of a search for datasets": run_reads.MOST_EXPERIMENTS,
    "seconds that a revoked token lives": int(authentication.REMEMBERED_SECONDS),
}


def test_the_limits_on_the_page_of_mlflow_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| ([^|]+?) \| ([\d,]+) \|", MLFLOW, re.MULTILINE)
    told = {what: int(number.replace(",", "")) for what, number in rows}
    assert {what: told.get(what) for what in LIMITS} == LIMITS
