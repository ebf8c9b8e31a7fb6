"""What changed about an endpoint in a period: its audit lines as sentences, its A/B tests, its alerts. For reports."""

from typing import Any

from django.db.models import Q

from mlregistry.accounts.models import AuditEvent
from models_app.models import ModelVersion
from serving.models import AbTest, AbTestLook, AlertEvent, AlertRule, AlertState, Endpoint, Retraining
from serving.queries import drift
from serving.report_periods import Period

MOST_LINES, MOST_TESTS, MOST_ALERTS = 100, 20, 100
LONGEST = 300
OF_MODELS = ("alias.set", "alias.delete", "version.register", "version.stage", "gate.overrule")
WORDS = {
    "endpoint.create": "made the endpoint", "endpoint.set_variants": "changed versions or weights",
    "endpoint.update": "changed its settings", "alias.set": "set the alias", "alias.delete": "took away the alias",
    "version.register": "registered a version", "version.stage": "moved a version to another stage",
    "gate.overrule": "overruled the gate", "ab_test.start": "started a test", "ab_test.step": "moved a test on",
    "ab_test.stop": "stopped a test", "ab_test.roll_back": "rolled a test back", "shadow.add": "added a shadow",
    "shadow.remove": "removed a shadow", "drift.declare": "changed what is watched",
    "alert_rule.create": "made an alert rule", "alert_rule.update": "changed an alert rule",
    "alert_rule.delete": "deleted an alert rule", "improvement.adopt": "adopted another recipe",
    "improvement.withdraw": "withdrew an adopted recipe", "load_test.start": "started a load test",
    "endpoint.predict_batch": "scored a table", "report.schedule": "changed when reports are made",
    "retraining.declare": "changed the retraining policy", "retraining.forget": "deleted the retraining policy",
    "retraining.adopt_recipe": "gave the next retraining a recipe", "retraining.start": "began a retraining",
    "retraining.assemble": "assembled a retraining's data", "retraining.compare": "compared champion and challenger",
    "retraining.step": "moved a retraining on", "retraining.approve": "approved a challenger",
    "retraining.promote": "promoted a challenger", "retraining.refuse": "refused a challenger",
    "retraining.cancel": "stopped a retraining", "retraining.fail": "a retraining failed",
}  # fmt: skip
ASIDE = (  # looking and talking change nothing; alerts have a list of their own
    "drift.check", "report.ask", "improvement.start", "improvement.delete", "alert.fire", "alert.recover",
    "comment.create", "comment.edit", "comment.delete", "comment.restore", "comment.resolve", "comment.reopen",
)  # fmt: skip


def lines(endpoint: Endpoint, of: Period) -> tuple[list[dict[str, Any]], int]:
    """The audit lines about the endpoint, its tests and rules, and the models behind it; the oldest first.

    And how many there are, of which the newest hundred are told.
    """
    rows = AuditEvent.objects.filter(team=endpoint.team, at__gte=of.since, at__lt=of.until)
    rows = rows.filter(_about(endpoint)).exclude(action__in=ASIDE).select_related("user")
    newest = list(rows.order_by("-at", "-pk")[:MOST_LINES])[::-1]
    return [_line(event) for event in newest], rows.count()


def tests(endpoint: Endpoint, of: Period) -> list[dict[str, Any]]:
    """A/B tests, canaries and bandits that began, ran or ended in the period."""
    rows = AbTest.objects.filter(endpoint=endpoint, started_at__lt=of.until)
    rows = rows.filter(Q(ended_at=None) | Q(ended_at__gte=of.since))
    return [_test(test, of) for test in rows.order_by("-started_at")[:MOST_TESTS]]


def alerts(endpoint: Endpoint, of: Period) -> dict[str, Any]:
    """Which rules fired and recovered, and how often; the newest hundred events."""
    rows = AlertEvent.objects.filter(rule__endpoint=endpoint, at__gte=of.since, at__lt=of.until)
    told = rows.filter(Q(state=AlertState.FIRING) | Q(former=AlertState.FIRING)).select_related("rule")
    newest = list(told.order_by("-at", "-pk")[:MOST_ALERTS])[::-1]
    return {
        "n_fired": rows.filter(state=AlertState.FIRING).count(),
        "n_rules": AlertRule.objects.filter(endpoint=endpoint, is_active=True).count(),
        "events": [
            {
                "at": event.at.isoformat(), "rule": event.rule.name, "severity": event.rule.severity,
                "state": event.state, "text": event.text[:LONGEST],
            }
            for event in newest
        ],
    }  # fmt: skip


def variants(endpoint: Endpoint) -> list[dict[str, Any]]:
    """What stands behind it when the report is made."""
    rows = endpoint.variants.select_related("version__model").order_by("position")
    return [
        {
            "name": row.name, "model": row.version.model.name, "version": row.version.number,
            "weight": float(row.weight), "aliases": sorted(row.version.aliases.values_list("name", flat=True)),
        }
        for row in rows
    ]  # fmt: skip


def _about(endpoint: Endpoint) -> Q:
    versions = drift.versions(endpoint)
    models = {version.model_id for version in versions}
    mine = Q(target_type="serving.endpoint", target_id=str(endpoint.pk))
    for model, keys in (
        ("serving.abtest", AbTest),
        ("serving.alertrule", AlertRule),
        ("serving.retraining", Retraining),
    ):
        ids = [str(pk) for pk in keys._default_manager.filter(endpoint=endpoint).values_list("pk", flat=True)]
        mine |= Q(target_type=model, target_id__in=ids)
    mine |= Q(action="alert_rule.delete", details__endpoint=endpoint.name)
    of_versions = [
        str(pk) for pk in ModelVersion.objects.filter(model_id__in=models).values_list("pk", flat=True)
    ]
    mine |= Q(
        action__in=OF_MODELS,
        target_type="models_app.registeredmodel",
        target_id__in=[str(pk) for pk in models],
    )
    return mine | Q(action__in=OF_MODELS, target_type="models_app.modelversion", target_id__in=of_versions)


def _test(test: AbTest, of: Period) -> dict[str, Any]:
    """With what the last look of the period saw."""
    look = AbTestLook.objects.filter(test=test, at__lt=of.until).order_by("-at").first()
    seen = look.figures.get("variants", []) if look else []
    return {
        "id": test.pk, "name": test.name, "mode": test.get_mode_display(), "state": test.state,
        "winner": test.winner, "reason": test.reason[:LONGEST], "metric": test.metric,
        "started_at": test.started_at.isoformat(),
        "ended_at": test.ended_at.isoformat() if test.ended_at else None,
        "variants": [{name: one.get(name) for name in ("variant", "value", "n_units", "best")} for one in seen],
    }  # fmt: skip


def _line(event: AuditEvent) -> dict[str, Any]:
    return {
        "at": event.at.isoformat(),
        "who": event.user.get_username() if event.user else "the server",
        "action": event.action,
        "what": WORDS.get(event.action, event.action.replace(".", " ").replace("_", " ")),
        "about": event.target_name[:LONGEST],
        "details": _details(event)[:LONGEST],
    }


def _details(event: AuditEvent) -> str:
    """The weights, the alias, the reason: whatever says most."""
    found = event.details
    if isinstance(found.get("variants"), list):
        return ", ".join(
            f"{v.get('name')} {v.get('version')} {v.get('weight'):g} %" for v in found["variants"]
        )
    if "alias" in found:
        former = f", before v{found['former']}" if found.get("former") else ""
        return (
            f"{found['alias']} → v{found.get('version')}{former}"
            if "version" in found
            else str(found["alias"])
        )
    for name in ("reason", "why", "changes", "fields", "weights", "name"):
        if found.get(name):
            value = found[name]
            return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return ""
