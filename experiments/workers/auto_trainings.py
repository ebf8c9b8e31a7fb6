"""Ends a "Just train it": builds the ensembles of its study's trials, in the job's own process; see JOB_KINDS.

The most promising and the best single model are trained first, then the others as long as there is time. After a
lost worker the trained ones stay, and the rest goes on. Whatever happens to them, a quick model is there in the end.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

from experiments.actions import auto_closing
from experiments.models import AutoTraining, Run
from experiments.queries import auto_trainings as queries
from experiments.workers import training
from mlregistry.accounts.actor import Actor
from mlregistry.errors import Invalid
from mlregistry.jobs import forked
from mlregistry.jobs.context import JobCancelled, JobContext
from mlregistry.jobs.forked import Limits, Send
from mlregistry.jobs.parts import CANCELLED, left_of
from mlregistry.ml.ensembling import offering
from mlregistry.ml.ensembling.offering import ONE_MODEL, QUICK, SINGLE, Offer
from mlregistry.ml.ensembling.pooling import DUMMY, Candidate

from .last_fits import MEASURING, LastFits, Row, choose

FIT_SHARE = 0.5  # of the time left; the rest is for measuring, intervals and drawings
WEIGHING_SHARE, LEAST_WEIGHING_SECONDS = 0.3, 1.0  # of it, for the weights
QUICK_SHARE, MOST_SPARE_SHARE = 0.1, 0.5
TIMES_QUICK, LEAST_QUICK_SECONDS = 3.0, 3.0  # what a quick model may take beyond what is expected
RESCUES = 1
RESCUE_SECONDS = 120.0  # for the baseline, or what else is left, when all others have failed


def close(context: JobContext, *, study_id: int) -> dict[str, Any]:
    """Train what the study's trials are worth; returns how many models there are and which is chosen."""
    auto = _auto(study_id)
    by = Actor.system(auto.study.team, user=auto.study.created_by)
    context.report(0.0, "Weighing the trials")
    left = queries.seconds_left(auto)
    deadline = time.monotonic() + left
    candidates = queries.candidates(auto.study)
    if not candidates:
        raise Invalid("No trial has kept its predictions, so there is nothing to train.")
    quick = _quick(auto, candidates, left)
    spare = min(MOST_SPARE_SHARE * left, max(QUICK_SHARE * left, _patience(quick)))
    found = auto.offers or _weighed(context, auto, candidates, left=left, quick=quick)
    rows = auto.offers or auto_closing.keep_offers(auto, found, by=by)
    fits = LastFits(context, auto, deadline=deadline, spare=spare, by=by)
    try:
        _train(fits, rows, quick)
        _rescue(fits, candidates)
    except JobCancelled:
        training.leave_rest(context, training.runs_to_do([one["run"] for one in auto.offers]))
        raise
    choose(auto)
    if not fits.n_trained:
        raise Invalid(_why_none(auto.offers))
    auto_closing.finish(auto)
    return {"n_models": fits.n_trained, "chosen": queries.chosen(auto)}


def _train(fits: LastFits, rows: Sequence[Row], quick: Offer) -> None:
    """All but the quick model, which comes before them where it may be needed, or an earlier attempt thought so."""
    left = fits.deadline - fits.spare - time.monotonic()
    first = [row for row in rows if row["method"] == QUICK]
    if not first and not fits.n_trained and _is_risky(rows, left):
        first = [auto_closing.add_offer(fits.auto, _described(quick), by=fits.by)]
    fits.train(first, within=max(_patience(quick), fits.deadline - time.monotonic()))
    fits.train([row for row in rows if row["method"] != QUICK])


def _is_risky(rows: Sequence[Row], seconds: float) -> bool:
    """Whether it may well be that the best single model, or what comes before it, is not ready within the time."""
    return not any(MEASURING * row["seconds"] < seconds for row in rows if row["method"] == SINGLE)


def _patience(offer: Offer) -> float:
    return LEAST_QUICK_SECONDS + TIMES_QUICK * MEASURING * offer.seconds


def _quick(auto: AutoTraining, candidates: Sequence[Candidate], left: float) -> Offer:
    assert auto.study.problem is not None  # noqa: S101  # _auto has seen to it
    kind, most = auto.study.problem.kind, QUICK_SHARE * left / MEASURING
    telling = [one for one in candidates if one.estimator != DUMMY] or candidates
    return offering.quick(kind, auto.metric, telling, seed=auto.study.seed, most_seconds=most)


def _rescue(fits: LastFits, candidates: Sequence[Candidate]) -> None:
    """Other quick models and at last the baseline, as long as nothing is trained."""
    auto, left = fits.auto, list(candidates)
    for place in range(RESCUES + 1):
        tried = {one["members"][0]["trial"] for one in auto.offers if one["method"] in ONE_MODEL}
        left = [one for one in left if one.number not in tried]
        if place == RESCUES:
            left = [one for one in left if one.estimator == DUMMY] or left
        if fits.n_trained or not left:
            return
        quick = _quick(auto, left, 0.0)
        row = auto_closing.add_offer(auto, _described(quick), by=fits.by)
        is_last = place == RESCUES or len(left) == 1
        fits.train([row], within=RESCUE_SECONDS if is_last else _patience(quick))


def _weighed(
    context: JobContext, auto: AutoTraining, candidates: Sequence[Candidate], *, left: float, quick: Offer
) -> list[Row]:
    """The best single model and ensembles of the study's trials, in the order that they are trained in.

    Where there is no time for their weights, the best single model alone.
    """
    assert auto.study.problem is not None  # noqa: S101  # _auto has seen to it
    about = (auto.study.problem.kind, auto.metric, candidates)
    options: dict[str, Any] = {"seed": auto.study.seed, "most_seconds": FIT_SHARE * left}

    def weighed() -> list[Row]:
        return [_described(one) for one in _ordered(offering.offers(*about, **options), left)]

    if not context.alone:
        return weighed()
    memory_mb = auto.job.memory_mb if auto.job is not None else auto_closing.MEMORY_MB
    seconds = min(WEIGHING_SHARE * left, left - _patience(quick))
    if seconds >= LEAST_WEIGHING_SECONDS and (
        found := _in_fork(context, weighed, Limits(seconds, left_of(memory_mb)))
    ):
        return found
    return [_described(offering.single(*about, **options))]


def _in_fork(context: JobContext, weighed: Callable[[], list[Row]], limits: Limits) -> list[Row]:
    """What it found; nothing when it was stopped at a limit, or broke."""
    heard: dict[str, list[Row]] = {}

    def work(send: Send) -> None:
        send({"offers": weighed()})

    tick = lambda: CANCELLED if context.cancelled() else None  # noqa: E731  # handed on as it is
    ended = forked.run(work, limits=limits, hear=lambda message: heard.update(message), tick=tick)
    if ended.reason == CANCELLED:
        raise JobCancelled
    if "offers" not in heard:
        context.log(f"No ensembles: {ended.problem}")
    return heard.get("offers", [])


def _auto(study_id: int) -> AutoTraining:
    rows = AutoTraining.objects.select_related(
        "job", "study__team", "study__created_by", "study__problem", "study__dataset_version",
        "study__experiment", "study__run",
    )  # fmt: skip
    found = rows.filter(pk=study_id).first()
    if found is None:
        raise Invalid("The study was deleted.")
    if found.study.problem is None or found.study.dataset_version is None:
        raise Invalid("The problem or the dataset version was deleted.")
    return found


def _ordered(found: list[Offer], left: float) -> list[Offer]:
    """The best first where it takes less than half of the time left, then the single best, then the rest."""
    best = found[0]
    first = best if MEASURING * best.seconds < left / 2 else None
    return sorted(found, key=lambda one: (one is not first, one.method != SINGLE))


def _described(offer: Offer) -> Row:
    return {
        "method": offer.method,
        "title": offer.title,
        "recipe": offer.recipe,
        "members": [{"trial": number, "weight": round(weight, 4)} for number, weight in offer.members],
        "value": offer.value,
        "honest": offer.honest.to_json(),
        "by_part": list(offer.by_part),
        "seconds": round(offer.seconds, 2),
    }


def _why_none(rows: Sequence[Row]) -> str:
    failed = Run.objects.filter(pk__in=[one["run"] for one in rows]).exclude(error="").first()
    return f"Not one model could be trained. {failed.error if failed else ''}".strip()
