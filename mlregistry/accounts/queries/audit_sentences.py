"""Lines of the audit trail as sentences, and what they changed as facts. The page, the CSV and the admin call this."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlregistry.accounts.models import AuditEvent

LONGEST_VALUE = 300
DOORS = {
    "web": "the web pages",
    "api": "the REST API",
    "mlflow": "an MLflow client",
    "admin": "the administration",
    "worker": "the server",
    "sso": "single sign-on",
}
NOUNS = {
    "ab_test": "the A/B test of",
    "alias": "an alias of",
    "api_token": "the token",
    "drift": "the drift watch of",
    "gate": "the test gate of",
    "import": "the import into",
    "load_test": "a load test of",
    "quality": "a quality alert of",
    "retraining": "the retraining of",
    "run_rule": "the rule",
    "alert_rule": "the alert rule",
    "logged_model": "the logged model",
    "membership": "the membership",
    "budget": "the budget of",
    "version": "the model version",
    "selection": "the feature selection",
    "shadow": "the shadow of",
    "training": "the training of",
    "user": "the account",
}
PAST = {
    "add": "added", "set": "set", "stop": "stopped", "step": "moved on", "switch": "switched", "test": "tested",
    "begin": "began", "again": "repeated", "finish": "finished", "forget": "forgot", "ask": "asked for",
    "check": "checked", "close": "closed", "apply": "applied", "deny": "denied", "cancel": "cancelled",
    "profile": "profiled", "override": "overrode", "overrule": "overruled", "withdraw": "withdrew",
    "await": "asked for",
    "just_train": "let the server train", "upload": "uploaded", "card": "wrote the card of", "onnx": "took in as ONNX",
    "stage": "changed the stage of", "compiled": "compiled", "tested": "tested", "optimised": "optimised",
    "load_tested": "test-loaded", "explain": "explained", "register": "registered", "refuse": "refused",
    "quarantine": "quarantined", "start": "started", "roll_back": "rolled back", "delete": "deleted",
    "predict_batch": "scored a table with", "rotate": "changed the secret of", "mlflow": "ran",
}  # fmt: skip
WHOLE = {  # a sentence of its own where noun and verb do not make a good one; {thing} and details may stand in it
    "membership.create": "added {user} to {team} as {role}",
    "membership.update": "changed the role of {user} from {before} to {role}",
    "membership.delete": "took {user} out of {team}",
    "membership.leave": "left {team}",
    "invitation.create": "invited {email} as {role}",
    "invitation.accept": "accepted the invitation {thing}",
    "invitation.revoke": "took back the invitation {thing}",
    "team.create": "founded the team {thing}",
    "team.transfer": "handed {thing} over to {to}",
    "team.set_sign_in": "changed how people sign in to {thing}",
    "user.update": "changed their profile",
    "user.change_password": "changed their password",
    "user.set_password": "set a new password for {thing}",
    "user.set_administrator": "changed whether {thing} is an administrator",
    "user.close": "closed the account {thing}",
    "user.reopen": "opened the account {thing} again",
    "user.unlock": "unlocked log-ins of {thing}",
    "user.provision": "opened the account {thing} at its first sign-on",
    "user.link": "linked the account {thing} to the identity provider",
    "user.end_session": "signed a browser of {thing} out",
    "user.end_sessions": "signed {thing} out in {n_sessions} other places",
    "user.delete_own": "closed their own account",
    "token.rotate": "replaced the token {thing} by a new one",
    "run.set_note": "wrote a note on the run {thing}",
    "run.finish": "ended the run {thing} as {status}",
    "run.again": "repeated the run {thing}",
    "experiment.move_runs": "moved {n_runs} runs into {thing}",
    "alias.set": "moved the alias {alias} of {thing}",
    "alias.delete": "removed the alias {alias} of {thing}",
    "dataset.add_version": "added a version to the dataset {thing}",
    "dataset.set_contract": "changed the data contract of {thing}",
    "recipe.add_version": "saved a version of the recipe {thing}",
    "endpoint.set_variants": "changed what {thing} serves",
    "training.schedule": "scheduled training of {thing}",
    "training.unschedule": "ended the training schedule of {thing}",
    "training.change_schedule": "changed the training schedule of {thing}",
    "training.scheduled_refused": "held back a scheduled training of {thing}",
    "quality.close_alert": "closed a quality alert of {thing}",
    "quality.contract_alert": "raised an alert: {thing} breaks its contract",
    "quality.comparison_alert": "raised an alert: {thing} differs from the version before",
    "quality.schedule_alert": "raised an alert: a scheduled training on {thing} was held back",
    "comment.create": "commented on {thing}",
    "comment.edit": "edited a comment on {thing}",
    "comment.delete": "deleted a comment on {thing}",
    "comment.restore": "restored a comment on {thing}",
    "comment.resolve": "resolved a thread on {thing}",
    "comment.reopen": "opened a thread on {thing} again",
}
NEW, OLD = "after", "before"


@dataclass(frozen=True)
class Change:
    """One fact of a line; `before` is None where only the new value was kept."""

    name: str
    before: str | None
    after: str


def sentence(event: AuditEvent) -> str:
    """Who did what, without the time: “alice changed the role of bob from viewer to editor”."""
    who = event.user.get_username() if event.user else "The server"
    return f"{who} {predicate(event)}"


def predicate(event: AuditEvent) -> str:
    """What was done, to be read after the person's name."""
    thing = event.target_name or f"{event.target_type} {event.target_id}"
    whole = WHOLE.get(event.action)
    if whole is not None:
        return whole.format_map(_Known({"thing": thing, "team": _team_of(event), **event.details}))
    noun, _, verb = event.action.partition(".")
    return f"{_past(verb)} {NOUNS.get(noun, 'the ' + noun.replace('_', ' '))} {thing}"


def action_words(action: str) -> str:
    """A code as a choice of a filter: endpoint.set_variants → endpoint: set variants."""
    noun, _, verb = action.partition(".")
    return f"{noun.replace('_', ' ')}: {verb.replace('_', ' ')}"


def changes(event: AuditEvent) -> list[Change]:
    """The details, each with the value before where it was kept; values are cut at LONGEST_VALUE letters."""
    found = []
    details = dict(event.details)
    former = details.pop(OLD, None)
    if former is not None and not isinstance(former, Mapping):
        main = next((name for name in ("role", "value", "state", "name") if name in details), None)
        if main is not None:
            found.append(Change(main, _shown(former), _shown(details.pop(main))))
        else:
            details[OLD] = former
    olds = former if isinstance(former, Mapping) else {}
    news = details.pop(NEW, {}) if isinstance(details.get(NEW), Mapping) else {}
    for name in dict.fromkeys((*olds, *news)):
        found.append(
            Change(_words(name), _shown(olds.get(name)), _shown(news.get(name, details.pop(name, None))))
        )
    for name, value in details.items():
        found.append(_pair(name, value))
    return found


def _pair(name: str, value: Any) -> Change:
    """Values of the form {from, to} or {before, after} are changes by themselves."""
    if isinstance(value, Mapping):
        for old, new in (("from", "to"), (OLD, NEW)):
            if set(value) == {old, new}:
                return Change(_words(name), _shown(value[old]), _shown(value[new]))
    return Change(_words(name), None, _shown(value))


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        text = ", ".join(f"{_words(str(key))}: {_shown(one)}" for key, one in value.items())
    elif isinstance(value, list | tuple):
        text = ", ".join(_shown(one) for one in value)
    else:
        text = str(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _past(verb: str) -> str:
    """update → updated, set_note → set note of; the table knows those that do not follow the rule."""
    if verb in PAST:
        return PAST[verb]
    first, _, rest = verb.partition("_")
    known = PAST.get(first) or (
        first if first.endswith("ed") else first + ("d" if first.endswith("e") else "ed")
    )
    return f"{known} {rest.replace('_', ' ')} of" if rest else known


def _team_of(event: AuditEvent) -> str:
    return event.team.name if event.team else "a team"


def _words(name: str) -> str:
    return name.replace("_", " ")


class _Known(dict[str, Any]):
    """Details that a line of an older version lacks are left open."""

    def __missing__(self, key: str) -> str:
        return "somebody" if key in ("user", "to", "email") else "another"
