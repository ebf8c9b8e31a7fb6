"""The page of a team's rules about runs that end: all of them, a form for a new one, their buttons."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from experiments import access
from experiments.actions import run_rules as actions
from experiments.actions.run_rules import Wanted
from experiments.models import Experiment, RunEvent, RunRule
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.notices import access as notices
from mlregistry.notices.models import Channel
from mlregistry.ui.page import PageRequest, number, page
from mlregistry.ui.undo import say_kept

MOST_CHOICES = 200


@require_http_methods(["GET", "POST"])
@page(change=Role.EDITOR, form=True)
def run_rules(request: PageRequest) -> HttpResponse:
    if request.method == "POST":
        rule = actions.create_run_rule(_wanted(request), channels=_channels(request), by=request.actor)
        messages.success(request, f"“{rule}” tells of runs that end from now on.")
        return redirect("experiments:run-rules")
    context = {
        "rules": access.run_rules(request.actor), "events": RunEvent.choices, "comparisons": RunRule.Comparison.choices,
        "experiments": [("", "any experiment"), *_experiments(request)], "channels": notices.channels(request.actor),
    }  # fmt: skip
    return render(request, "experiments/run_rules.html", context)


@require_POST
@page(role=Role.EDITOR)
def switch(request: PageRequest, rule_id: int) -> HttpResponse:
    rule = access.run_rule(request.actor, rule_id)
    actions.switch_run_rule(rule, not rule.is_active, by=request.actor)
    return redirect("experiments:run-rules")


@require_POST
@page(role=Role.EDITOR)
def delete(request: PageRequest, rule_id: int) -> HttpResponse:
    kept = actions.delete_run_rule(access.run_rule(request.actor, rule_id), by=request.actor)
    say_kept(request, "The rule is deleted.", kept)
    return redirect("experiments:run-rules")


def _wanted(request: PageRequest) -> Wanted:
    form = request.POST
    return Wanted(
        form.get("name", ""), form.get("event", ""), experiment=_experiment(request, form.get("experiment", "")),
        metric=form.get("metric", "").strip(), comparison=form.get("comparison", "above"),
        threshold=number(form.get("threshold"), "threshold"),
    )  # fmt: skip


def _experiment(request: PageRequest, given: str) -> Experiment | None:
    if not given:
        return None
    if not given.isdecimal() or len(given) > 18:
        raise Invalid("Choose an experiment from the list.", field="experiment")
    return access.experiment(request.actor, int(given))


def _experiments(request: PageRequest) -> list[tuple[str, str]]:
    rows = access.experiments(request.actor).order_by("-pk").values_list("pk", "name")
    return [(str(pk), name) for pk, name in rows[:MOST_CHOICES]]


def _channels(request: PageRequest) -> list[Channel] | None:
    keys = [key for key in request.POST.getlist("channel") if key.isdecimal() and len(key) <= 18]
    return [notices.channel(request.actor, int(key)) for key in dict.fromkeys(keys)] or None
