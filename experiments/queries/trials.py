"""Reads of trials: those free to take, what sampler and pruner are told, the recipe of one. Called by actions."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from experiments.models import Study, Trial, TrialState
from mlregistry.ml.search import space as ml_space
from mlregistry.ml.search.sampling import COMPLETE, PRUNED, RUNNING, Past
from mlregistry.ml.search.space import Space

TELLING = (COMPLETE, PRUNED, RUNNING)
HELD_OUT = "held_out/predictions.npz"


def space_of(study: Study) -> Space:
    """The study's space; what was checked when it was made is not checked again."""
    return ml_space.stored(study.space)


def recipe_of(study: Study, params: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe that a trial with these params trains."""
    return ml_space.recipe_of(space_of(study), study.recipe, params)


def free(study: Study) -> QuerySet[Trial]:
    """Trials that wait, and those whose worker has not been heard of for the length of a lease."""
    gone = Q(state=TrialState.RUNNING, lease_until__lt=Now())
    return Trial.objects.filter(Q(state=TrialState.WAITING) | gone, study=study)


def past(study: Study, space: Space, *, apart: int) -> list[Past]:
    """The trials of earlier studies that fit the space, then this study's, in the order of their numbers."""
    earlier = [
        row
        for study_id in study.warm_from
        for row in _rows(study_id).filter(state=COMPLETE)
        if space.admits(row.params or {})
    ]
    own = _rows(study.pk).exclude(number=apart)
    known = [Past(row.state, row.params or {}, tuple(row.values or ()), row.reports) for row in earlier]
    return known + [
        Past(row.state, row.params or {}, tuple(row.values or ()), row.reports, row.system_attrs)
        for row in own
    ]


def reports(study: Study, *, apart: int) -> list[dict[int, float]]:
    """What every other trial reported at each step."""
    rows = Trial.objects.filter(study=study, state__in=TELLING).exclude(number=apart)
    return [
        {int(step): value for step, value in found} for found in rows.values_list("intermediate", flat=True)
    ]


def _rows(study_id: int) -> QuerySet[Trial]:
    rows = Trial.objects.filter(study_id=study_id, state__in=TELLING, params__isnull=False)
    wanted = ("number", "state", "params", "values", "intermediate", "system_attrs")
    return rows.order_by("number").only(*wanted)
