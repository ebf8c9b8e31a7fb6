"""Which lines of the audit trail are news of the team's work, and how they read: “bob registered version 3 of churn”.

Accounts, tokens, settings of people and what only looks are no news. Called by queries.activity and watching.
"""

from collections.abc import Callable, Mapping
from typing import Any

Details = Mapping[str, Any]
ENDS = {"FINISHED": "finished", "FAILED": "failed", "KILLED": "was stopped"}
WORDS: dict[str, str] = {
    "comment.create": "commented on", "comment.resolve": "resolved a thread on",
    "problem.create": "framed", "problem.update": "changed",
    "problem.just_train": "pressed “Just train it” on",
    "dataset.create": "made", "dataset.add_version": "added a version to",
    "dataset.override": "overruled the contract of", "dataset.set_contract": "changed the contract of",
    "experiment.create": "made", "training.start": "started a training in",
    "study.create": "started", "study.finish_now": "ended",
    "run.finish": "", "run.update": "", "run.set_note": "wrote a note on", "run.again": "ran again",
    "model.create": "made", "model.rename": "renamed to", "model.update": "changed",
    "version.register": "registered", "version.create": "registered", "version.upload": "uploaded",
    "version.accept": "approved", "version.refuse": "refused", "version.quarantine": "put into quarantine",
    "version.stage": "moved to another stage", "version.take_optimised": "took the smaller form",
    "alias.set": "", "alias.delete": "", "alias.await": "", "gate.set": "changed the gate of",
    "gate.overrule": "overruled the gate of",
    "endpoint.create": "made", "endpoint.update": "changed the settings of",
    "endpoint.set_variants": "changed what answers behind", "endpoint.delete": "deleted",
    "endpoint.predict_batch": "scored a table with",
    "shadow.add": "added a shadow to", "shadow.remove": "took a shadow from",
    "ab_test.start": "started", "ab_test.stop": "stopped", "ab_test.step": "moved on",
    "ab_test.roll_back": "rolled back", "ab_test.promote": "promoted the winner of",
    "load_test.start": "started",
    "alert.fire": "", "alert.recover": "", "alert_rule.create": "made",
    "alert_rule.update": "changed", "alert_rule.delete": "deleted",
    "retraining.start": "began", "retraining.approve": "approved the challenger of",
    "retraining.promote": "promoted the challenger of", "retraining.refuse": "refused the challenger of",
    "retraining.fail": "could not finish", "improvement.adopt": "adopted the recipe of",
    "approval.declare": "asked for approvals of", "approval.lift": "lifted the approvals of",
    "promotion.request": "", "promotion.approve": "", "promotion.reject": "", "promotion.withdraw": "",
    "promotion.promote": "",
    "writeup.create": "wrote", "writeup.save": "edited", "writeup.restore": "restored an older version of",
}  # fmt: skip
ACTIONS = tuple(WORDS)
GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {  # what the filter offers: title and beginnings of actions
    "comments": ("comments", ("comment.",)),
    "data": ("problems and data", ("problem.", "dataset.")),
    "runs": ("runs and searches", ("run.", "experiment.", "training.", "study.")),
    "models": ("models and versions", ("model.", "version.", "gate.")),
    "aliases": ("aliases", ("alias.",)),
    "endpoints": ("endpoints and tests", ("endpoint.", "shadow.", "ab_test.", "load_test.", "retraining.",
                                           "improvement.")),
    "alerts": ("alerts", ("alert.", "alert_rule.")),
    "approvals": ("approvals", ("approval.", "promotion.", "retraining.approve", "retraining.refuse", "version.accept",
                                "version.refuse")),
    "writeups": ("write-ups", ("writeup.",)),
}  # fmt: skip
TOLD_TO_WATCHERS = frozenset(
    {
        "run.finish", "run.update", "version.register", "version.create", "version.accept", "version.refuse",
        "alias.set", "alias.delete", "endpoint.set_variants", "endpoint.delete", "dataset.add_version",
        "alert.fire", "alert.recover", "ab_test.start", "ab_test.stop", "ab_test.roll_back", "retraining.promote",
        "promotion.request", "promotion.approve", "promotion.reject", "promotion.promote", "writeup.save",
    }
)  # fmt: skip
BAD = frozenset({"alert.fire", "retraining.fail"})
BY_THEMSELVES = frozenset({"alert.fire", "alert.recover", "run.finish", "run.update"})
"""The thing itself is the subject of their sentences."""


TITLES = {  # of kinds whose word in the trail is not for people
    "abtest": "A/B test", "alertrule": "alert rule", "loadtest": "load test", "study": "search",
    "registeredmodel": "model", "modelversion": "version", "writeup": "write-up", "selectionstudy": "selection",
    "trainingschedule": "schedule", "datasetversion": "dataset version",
}  # fmt: skip


def title(kind: str) -> str:
    """How a kind of thing reads in a sentence."""
    return TITLES.get(kind, kind)


def verb(action: str, details: Details) -> str:
    """What stands between who did it and the name of the thing, or behind the name for BY_THEMSELVES."""
    special = _SPECIAL.get(action)
    return special(details) if special else WORDS.get(action, action.replace(".", " ").replace("_", " "))


def is_bad(action: str, details: Details) -> bool:
    return action in BAD or (action in ("run.finish", "run.update") and details.get("status") == "FAILED")


def actions_of(group: str) -> list[str]:
    """The actions of a group of the filter."""
    beginnings = GROUPS[group][1]
    return [action for action in ACTIONS if action.startswith(beginnings)]


def _end(details: Details) -> str:
    return ENDS.get(str(details.get("status")), "changed")


def _alias(details: Details) -> str:
    version = f" to version {details['version']}" if details.get("version") else ""
    return f"moved the alias {details.get('alias', '')}{version} of"


def _alert(word: str) -> Callable[[Details], str]:
    return lambda details: f"{word} “{details.get('rule', '')}”"


def _promotion(words: str) -> Callable[[Details], str]:
    return lambda details: words.format(alias=f"“{details.get('alias', '')}”")


_SPECIAL: dict[str, Callable[[Details], str]] = {
    "run.finish": _end,
    "run.update": _end,
    "alias.set": _alias,
    "alias.delete": lambda details: f"took away the alias {details.get('alias', '')} of",
    "alias.await": lambda details: f"wants the alias {details.get('alias', '')} to move once tests pass, on",
    "promotion.request": _promotion("asked to move the alias {alias} to"),
    "promotion.approve": _promotion("approved the alias {alias} for"),
    "promotion.reject": _promotion("rejected the alias {alias} for"),
    "promotion.withdraw": _promotion("withdrew the request of the alias {alias} for"),
    "promotion.promote": _promotion("gave the last approval of the alias {alias} for"),
    "alert.fire": _alert("fires the alert"),
    "alert.recover": _alert("is well again by"),
    "comment.create": lambda details: "replied on" if details.get("is_reply") else "commented on",
}
