"""Leads a retraining on step by step, under the lock of its row: any number of schedulers do each step once.

Called by `retraining_looks` and by whoever decides on an attempt.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import Error as DatabaseError
from django.db import transaction

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.errors import MlregistryError, NotFound
from serving.actions import retraining_live, retraining_steps
from serving.actions.retraining_ends import close_step, end, tell
from serving.actions.retraining_moves import Move, What, failed
from serving.models import Retraining, RetrainingState, RetrainingStep, StepName, StepState
from serving.queries.retraining import LINKS

logger = logging.getLogger(__name__)
STEPS: dict[str, Callable[[Retraining, RetrainingStep, datetime, Actor], Move]] = {
    StepName.ASSEMBLING: retraining_steps.assembling,
    StepName.TRAINING: retraining_steps.training,
    StepName.TESTING: retraining_steps.testing,
    StepName.COMPARING: retraining_steps.comparing,
    StepName.DEPLOYING: retraining_live.deploying,
    StepName.APPROVING: retraining_live.approving,
}
ORDER = list(StepName)
ENDS = {
    What.PROMOTED: RetrainingState.PROMOTED, What.REFUSED: RetrainingState.REFUSED,
    What.CANCELLED: RetrainingState.CANCELLED, What.FAILED: RetrainingState.FAILED,
}  # fmt: skip


def advance(pk: int, now: datetime) -> bool:
    """Leads one attempt on as far as it goes now; False when somebody else is at it, or it has ended."""
    with transaction.atomic():
        row = locked(pk, skip=True)
        if row is None:
            return False
        by = Actor.system(row.endpoint.team, user=row.created_by)
        for _ in ORDER:
            step = row.steps.order_by("-pk").select_related("job", "retraining").first()
            if step is None or not _moved(row, step, _asked(row, step, now, by), now, by):
                break
    return True


def locked(pk: int, *, skip: bool) -> Retraining | None:
    """The open row for this transaction."""
    rows = Retraining.objects.select_for_update(skip_locked=skip, of=("self",)).select_related(*LINKS)
    return rows.filter(pk=pk, ended_at=None).first()


def newest(row: Retraining) -> RetrainingStep:
    step = row.steps.order_by("-pk").select_related("job", "retraining").first()
    if step is None:
        raise NotFound("The retraining has no steps.")
    return step


def _asked(row: Retraining, step: RetrainingStep, now: datetime, by: Actor) -> Move:
    """What the step comes to; whatever fails in it, what it had changed is undone and the attempt ends."""
    try:
        with transaction.atomic():
            return STEPS[step.name](row, step, now, by)
    except DatabaseError:
        raise
    except MlregistryError as error:
        move = failed(error.message)
    except Exception as error:
        logger.exception("the retraining %d could not be led on", row.pk)
        move = failed(f"{type(error).__name__}: {error}"[:1_000])
    row.refresh_from_db()
    return move


def _moved(row: Retraining, step: RetrainingStep, move: Move, now: datetime, by: Actor) -> bool:
    """Writes it down; whether there is another step to ask at once."""
    if move.what is What.STAY:
        if step.text != move.text:
            step.text = move.text
            step.save(update_fields=["text"])  # the details are its job's until it has ended
        return False
    step.details = {**step.details, **move.details}
    following = _following(row, step, move)
    if following is None:
        state = ENDS.get(move.what, RetrainingState.PROMOTED)
        end(row, step, state, move.text, now=now, by=by)
        return False
    close_step(step, StepState.DONE, move.text, now=now)
    RetrainingStep.objects.create(retraining=row, name=following, started_at=now)
    record(by, "retraining.step", row, endpoint=row.endpoint.name, step=step.name, text=move.text)
    if following == StepName.APPROVING:
        row.state = RetrainingState.WAITING
        row.save(update_fields=["state"])
        tell(row, f"{row.challenger} waits for approval. {move.text}", now=now)
    return True


def _following(row: Retraining, step: RetrainingStep, move: Move) -> StepName | None:
    place = ORDER.index(StepName(step.name)) + 1
    if move.what not in (What.ON, What.ASK) or place == len(ORDER):
        return None
    following, asked = ORDER[place], move.what is What.ASK or row.wants("approval")
    return None if following == StepName.APPROVING and not asked else following
