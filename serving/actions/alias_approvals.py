"""Approval of what canaries and retrainings promote by themselves: they ask for it once and wait. Called by actions."""

from typing import NamedTuple

from mlregistry.accounts.actor import Actor
from models_app.actions.promotion_requests import requested
from models_app.models import ModelVersion, PromotionState
from models_app.queries.approvals import holder, needed_for, policy_of


class Answer(NamedTuple):
    """`waits` says what for, and is empty when the alias may move; `rejected`: it was asked for and will not."""

    waits: str = ""
    rejected: bool = False


def asked_for(version: ModelVersion, alias: str, *, origin: str, link: str, by: Actor) -> Answer:
    """The reviewers' answer; they are asked where they were not before."""
    if needed_for(version, alias) is None:
        return Answer()
    request = requested(version, alias, origin=origin, link=link, by=by)
    if request.is_open:
        return Answer(f"“{alias}” moves only with approval; request {request.pk} waits for its reviewers.")
    why = f": {request.reason}" if request.reason else ""
    return Answer(
        f"Request {request.pk} to move “{alias}” was {request.state}{why}",
        rejected=request.state in (PromotionState.REJECTED, PromotionState.WITHDRAWN),
    )


def is_granted(version: ModelVersion, alias: str) -> bool:
    """Whether the alias takes approval and points at the version already, so that somebody gave it."""
    return bool(
        alias and policy_of(version.model, alias) is not None and holder(version.model, alias) == version.pk
    )
