"""The strip of steps from a problem to feedback: what is done, what comes next. Two pages show it."""

from dataclasses import dataclass

from django.urls import reverse

from experiments.models import Problem, RunStatus


@dataclass
class Step:
    """`address` leads to where the step is done; only one step is `next`."""

    title: str
    text: str
    done: bool
    address: str
    next: bool = False


def of_problem(problem: Problem) -> list[Step]:
    """The seven steps, read with a fixed number of queries."""
    trained = problem.runs.filter(status=RunStatus.FINISHED, is_baseline=False)
    n_trained = trained.count()
    newest = problem.experiments.order_by("-created_at").first()
    experiment = reverse("experiments:experiment", args=[newest.pk]) if newest else ""
    data = problem.datasets.filter(last_number__gt=0).exists() or problem.runs.exists()
    registered = problem.runs.filter(model_versions__isnull=False).exists()
    served = problem.runs.filter(model_versions__variants__isnull=False).exists()
    answered = problem.runs.filter(model_versions__variants__endpoint__feedback__isnull=False).exists()
    add_data = reverse("experiments:dataset-create") + f"?problem={problem.pk}"
    serve = reverse("serving:endpoint-create") + f"?problem={problem.pk}"
    endpoints = reverse("serving:endpoints")
    steps = [
        Step("Problem", problem.kind, True, reverse("experiments:problem", args=[problem.pk])),
        Step("Data", "bring a table", data, add_data),
        Step(
            "Train",
            f"{n_trained} trained" if n_trained else "choose estimators",
            n_trained > 0,
            reverse("experiments:train", args=[problem.pk]),
        ),
        Step("Compare", "read the leaderboard", n_trained > 1, experiment),
        Step(
            "Register",
            "keep the best",
            registered,
            reverse("models_app:models") if registered else experiment,
        ),
        Step("Serve", "answer predictions", served, endpoints if served else serve),
        Step("Feedback", "compare with the truth", answered, endpoints if served else ""),
    ]
    following = next((step for step in steps if not step.done), None)
    if following is not None:
        following.next = True
    return steps


def needed_columns(problem: Problem) -> str:
    """The columns that a table for the problem must have, for a sentence; "" when any will do."""
    keys = [name for name in (problem.key_column(0), problem.key_column(1)) if name]
    names = [f"“{name}”" for name in dict.fromkeys([*keys, problem.target]) if name]
    if not names:
        return ""
    return ("the column " if len(names) == 1 else "the columns ") + " and ".join(names)
