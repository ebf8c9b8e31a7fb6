"""Markdown of people: what unfolds, what stays text, and what never gets through."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from experiments.actions.datasets import create_dataset
from experiments.actions.experiments import create_experiment
from experiments.actions.problems import create_problem
from experiments.actions.runs import create_run
from experiments.models import Problem, Run
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.discussions import prose
from mlregistry.discussions.actions.writeups import create_writeup
from mlregistry.discussions.blocks import drawer
from mlregistry.discussions.nouns import Thing
from models_app.actions.models import create_model
from serving.models import Endpoint
from tests.discussions.conftest import log

CARD = re.compile(r'<a class="unfolded" href="([^"]+)"')


def html(text: str, by: Actor) -> str:
    return prose.html(text, prose.known([text], hosts=["lab.example"], by=by))


def test_short_forms_and_addresses_unfold_to_cards_with_state_and_figure(
    run: Run, problem: Problem, editor: Actor
) -> None:
    log(run, loss=0.25, by=editor)
    dataset = create_dataset("Customers", by=editor)
    model = create_model("churn", by=editor)
    Endpoint.objects.create(team=editor.team, name="live", salt="s")
    writeup = create_writeup("Why", "text", by=editor)
    text = (
        f"run:{run.pk.hex}, #dataset/{dataset.pk} and https://lab.example/t/lab/problems/{problem.pk}/.\n\n"
        f"<http://lab.example/runs/{run.pk}/> (model:{model.name}) endpoint:live writeup:{writeup.pk}"
        f" experiment:{run.experiment_id}"
    )
    shown = html(text, editor)
    assert CARD.findall(shown) == [
        f"/runs/{run.pk}/", f"/datasets/{dataset.pk}/", f"/problems/{problem.pk}/", f"/runs/{run.pk}/",
        "/models/churn/", "/endpoints/live/", f"/writeups/{writeup.pk}/", f"/experiments/{run.experiment_id}/",
    ]  # fmt: skip
    assert "loss 0.25" in shown
    assert "running" in shown
    assert "classification, ROC-AUC" in shown


def test_code_words_of_a_link_and_other_hosts_stay_as_they_were_written(
    problem: Problem, editor: Actor
) -> None:
    for text in (
        f"`problem:{problem.pk}`",
        f"    problem:{problem.pk}",
        f"[our problem](/problems/{problem.pk}/)",
        f"https://elsewhere.example/problems/{problem.pk}/",
        f"https://lab.example/t/rivals/problems/{problem.pk}/",
        f"subproblem:{problem.pk}",
        f"https://lab.example/problems/{problem.pk}/delete",
        "problem:x run:nothing dataset/99999999999999999999999 version:a/b problem: 3 problem:",
    ):
        assert CARD.findall(html(text, editor)) == [], text
    assert 'href="/problems/' in html(f"[our problem](/problems/{problem.pk}/)", editor)


def test_nothing_of_another_team_unfolds(problem: Problem, run: Run, stranger: Actor) -> None:
    shown = html(
        f"problem:{problem.pk} run:{run.pk.hex} https://lab.example/problems/{problem.pk}/", stranger
    )
    assert CARD.findall(shown) == []
    assert "Churn" not in shown


def test_members_are_marked_and_others_are_not(editor: Actor, vera: User, charlie: User) -> None:
    shown = html("@vera. @charlie @nobody x@vera `@vera` @vera, **@bob**", editor)
    assert shown.count('<span class="mention">@vera</span>') == 2
    assert '<strong><span class="mention">@bob</span></strong>' in shown
    assert "@charlie" in shown
    assert "@charlie</span>" not in shown


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        '<img src=x onerror="alert(1)">',
        "![x](https://elsewhere.example/pixel.png)",
        'https://lab.example/"onmouseover=alert(1)',
        "[a](/x '\"onclick=alert(1)')",
        "&#xe000;0&#xe001; \ue0000\ue001",
        "@bob<script>",
        "https://a.example/<script>alert(1)</script>",
    ],
)
def test_no_markup_of_people_gets_through(text: str, editor: Actor) -> None:
    shown = html(text, editor)
    tags = re.findall(r"<[^>]*>", shown)
    assert not [tag for tag in tags if re.search(r"<(script|img|iframe)|javascript:|\son\w+=", tag)], shown


def test_a_name_of_a_thing_is_no_markup_in_a_card(editor: Actor) -> None:
    problem = create_problem(
        "<b onclick=x>", kind="classification", target="y", primary_metric="roc_auc", by=editor
    )
    assert "&lt;b onclick=x&gt;" in html(f"problem:{problem.pk}", editor)


def test_cards_are_limited_and_cost_the_same_whatever_their_number(editor: Actor) -> None:
    experiment = create_experiment("many", by=editor)
    runs = [create_run(experiment, name=f"r{n}", by=editor) for n in range(prose.MOST_CARDS + 5)]
    texts = [f"run:{run.pk.hex} @bob" for run in runs]
    counts = []
    for some in (texts[:2], texts):
        with CaptureQueriesContext(connection) as queries:
            known = prose.known(some, by=editor)
        counts.append(len(queries))
    assert counts == [3, 3]
    assert len(known.cards) == prose.MOST_CARDS


def test_a_deleted_run_says_so(run: Run, editor: Actor) -> None:
    Run.objects.filter(pk=run.pk).update(lifecycle="deleted")
    assert "deleted" in html(f"run:{run.pk.hex}", editor)


def test_blocks_are_drawn_in_their_places_and_code_without_a_drawer(
    run: Run, editor: Actor, churn: Thing
) -> None:
    log(run, loss=0.25, by=editor)
    text = f"before\n\n```mlregistry\nkind: metric\nrun: {run.pk.hex}\nmetric: loss\n```\n\nafter"
    known = prose.known([text], by=editor)
    drawn = prose.html(text, known, draw=drawer(editor))
    assert drawn.index("before") < drawn.index("0.2500") < drawn.index("after")
    assert "<pre>" in prose.html(text, known)
