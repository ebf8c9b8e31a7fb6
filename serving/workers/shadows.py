"""The job serving.score_shadow: asks a shadow what its endpoint was asked. It costs the hot path nothing."""

import logging
from collections.abc import Sequence
from typing import Any

from mlregistry.errors import MlregistryError, NotFound
from mlregistry.jobs.context import JobContext
from serving.actions.shadows import keep_answers
from serving.hotpath.models import LoadedModel
from serving.model_files import load_whole
from serving.models import Shadow
from serving.queries.routing import handle_of
from serving.queries.shadows import pending

logger = logging.getLogger(__name__)
BATCH = 500
MOST_BATCHES = 200
LONGEST_ERROR = 500


def score(context: JobContext, *, shadow_id: int) -> dict[str, int]:
    """Returns how many rows were asked; the rest waits for the next job."""
    rows = Shadow.objects.select_related("version__model", "endpoint")
    shadow = rows.prefetch_related("version__files__file").filter(pk=shadow_id).first()
    if shadow is None:
        raise NotFound("The shadow is gone.")
    model, n_asked = load_whole(handle_of(shadow.version)), 0
    for _ in range(MOST_BATCHES):
        waiting = pending(shadow, limit=BATCH)
        if not waiting:
            break
        answers, error = _answers(model, [row for _, _, row, _ in waiting])
        keys = [(request, row) for request, row, _, _ in waiting]
        kept = [(*key, answer) for key, answer in zip(keys, answers, strict=True)]
        shadow.scored_until = waiting[-1][3]
        keep_answers(shadow, kept, until=shadow.scored_until, error=error)
        n_asked += len(kept)
        context.report(0.5, f"{n_asked:,} rows")
    context.report(1.0, f"{n_asked:,} rows")
    return {"n_rows": n_asked}


def _answers(model: LoadedModel, rows: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], str]:
    """One output per row and the last failure; a row that fails does not take the others along."""
    try:
        return _outputs(model, rows), ""
    except Exception as error:
        if len(rows) == 1:
            text = error.message if isinstance(error, MlregistryError) else str(error)
            return [{"error": text[:LONGEST_ERROR]}], text[:LONGEST_ERROR]
        logger.info("%d rows at once failed, so each is asked by itself", len(rows))
    parts = [_answers(model, [row]) for row in rows]
    return [answer for answers, _ in parts for answer in answers], next(
        (text for _, text in reversed(parts) if text), ""
    )


def _outputs(model: LoadedModel, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    scores = model.score(list(rows))
    probabilities = scores.get("probabilities")
    return [
        {"prediction": prediction}
        | ({"probabilities": probabilities[place]} if probabilities is not None else {})
        for place, prediction in enumerate(scores["predictions"])
    ]
