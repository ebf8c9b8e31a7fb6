"""The model card of a version: everything that is known of it in one document. For the page, the API and Markdown."""

from typing import Any

from django.db.models import Q

from experiments.models import Provenance, Run
from experiments.queries import evaluations
from mlregistry.accounts.models import AuditEvent
from mlregistry.ml.signature import kind_of
from models_app.models import CardText, ModelVersion
from models_app.queries.compilations import compilation_of, serving_form
from models_app.queries.formats import forms_of
from models_app.queries.intakes import intake_json, intake_of
from models_app.queries.lineage import lineage
from models_app.queries.version_metrics import held_out

MOST_EVENTS = 200
WORDS = {
    "version.register": "registered it from a run", "version.upload": "uploaded it",
    "version.create": "registered it by its source", "version.quarantine": "put it into quarantine",
    "version.approve": "let it be opened", "version.reject": "refused it", "version.accept": "had it checked: passed",
    "version.refuse": "had it checked: refused", "version.check_again": "had it checked again",
    "version.compile": "had it compiled", "version.compiled": "compiled it",
    "version.serve_native": "went back to the native model", "version.update": "changed its description or tags",
    "version.card": "wrote on its card", "version.stage": "moved its stage", "alias.set": "pointed the alias at it",
    "alias.away": "pointed the alias elsewhere", "alias.delete": "removed the alias",
    "version.test": "asked for its tests", "version.tested": "had it tested", "version.load_tested": "load-tested it",
    "version.onnx": "kept its ONNX graph", "version.optimise": "asked for smaller and cheaper models of it",
    "version.optimised": "had such models made", "version.take_optimised": "made it of another version",
    "gate.overrule": "overruled the gate", "promotion.request": "asked to move an alias to it",
    "promotion.approve": "approved that", "promotion.reject": "rejected that", "promotion.withdraw": "withdrew that",
    "promotion.promote": "gave the last approval",
}  # fmt: skip


def card(version: ModelVersion) -> dict[str, Any]:
    """As JSON; a part that was not recorded is None or empty."""
    run = Run.objects.select_related("problem").filter(model_versions=version).first()
    known = lineage(version)
    signature = version.served_signature
    return {
        "model": version.model.name,
        "version": version.number,
        "description": version.description,
        "kind": kind_of(signature) if signature else None,
        "state": version.state,
        "aliases": sorted(version.aliases.values_list("name", flat=True)),
        "registered_at": version.created_at,
        "registered_by": known["registered_by"],
        **_written(version),
        "problem": known["problem"],
        "data": _data(known, run),
        "metrics": _metrics(version, run),
        "plots": _plots(run),
        "signature": version.signature,
        "input_example": version.input_example,
        "environment": _environment(version, run),
        "lineage": {name: known[name] for name in ("run", "experiment", "dataset_version", "problem")},
        "recipe": known["recipe"],
        "formats": [form.to_json() for form in forms_of(version)],
        "speed": _speed(version),
        "intake": intake_json(intake_of(version)),
        "history": history(version),
    }


def completeness(found: dict[str, Any], *, is_tested: bool) -> list[tuple[str, bool]]:
    """What a card should say, and whether this one does."""
    return [
        ("intended use", bool(found["intended_use"].strip())), ("limits", bool(found["limits"].strip())),
        ("data", found["data"] is not None), ("metrics", bool(found["metrics"])),
        ("signature", found["signature"] is not None), ("environment", found["environment"] is not None),
        ("tests", is_tested),
    ]  # fmt: skip


def history(version: ModelVersion) -> list[dict[str, Any]]:
    """Who did what, from the audit trail: to the version, and aliases that came to it or left it. The oldest first."""
    of_version = Q(target_type="models_app.modelversion", target_id=str(version.pk))
    of_alias = Q(
        target_type="models_app.registeredmodel", target_id=str(version.model_id), action="alias.set"
    )
    moved = of_alias & (Q(details__version=version.number) | Q(details__former=version.number))
    rows = AuditEvent.objects.filter(of_version | moved, team_id=version.model.team_id).select_related("user")
    return [_event(row, version) for row in rows.order_by("-pk")[:MOST_EVENTS][::-1]]


def _event(row: AuditEvent, version: ModelVersion) -> dict[str, Any]:
    went = row.action == "alias.set" and row.details.get("version") != version.number
    action = "alias.away" if went else row.action
    return {
        "at": row.at,
        "by": row.user.get_username() if row.user else None,
        "via": row.via,
        "action": row.action,
        "what": WORDS.get(action, action.rpartition(".")[2].replace("_", " ")),
        "alias": row.details.get("alias"),
        "reason": row.details.get("reason") or row.details.get("problem"),
    }


def _written(version: ModelVersion) -> dict[str, Any]:
    found = CardText.objects.select_related("updated_by").filter(version=version).first()
    return {
        "intended_use": found.intended_use if found else "",
        "limits": found.limits if found else "",
        "written_by": found.updated_by.get_username() if found and found.updated_by else None,
        "written_at": found.updated_at if found else None,
    }


def _data(known: dict[str, Any], run: Run | None) -> dict[str, Any] | None:
    """The dataset version, its digest and rows, and how rows were set aside."""
    found = known["dataset_version"]
    if found is None:
        return None
    return {**found, "split": (known["recipe"] or {}).get("split")}


def _metrics(version: ModelVersion, run: Run | None) -> list[dict[str, Any]]:
    """Those on rows that the model had not seen first; `low` and `high` are the ends of the 95 % interval."""
    values = version.metrics or ({row.key: row.number for row in run.latest_metrics.all()} if run else {})
    evaluation = evaluations.of_run(run) if run else None
    intervals = evaluation.intervals if evaluation else {}
    found = []
    for key, value in held_out(values, version.model.problem).items():
        ends = intervals.get(key.removeprefix("test_")) if key.startswith("test_") else None
        low, high = ends if ends else (None, None)
        found.append({"name": key, "value": value, "low": low, "high": high})
    return found


def _plots(run: Run | None) -> list[dict[str, str]]:
    """The figures of the run by name and title; its page and API have them."""
    rows = run.curves.order_by("pk") if run else ()
    return [{"name": row.name, "title": str(row.data.get("title") or row.name)} for row in rows]


def _environment(version: ModelVersion, run: Run | None) -> dict[str, Any] | None:
    """Of the training here, else what an uploaded file says it was written with."""
    found = Provenance.objects.filter(run=run).first() if run else None
    if found is not None and found.facts:
        facts: dict[str, Any] = found.facts.get("environment") or {}
        return {"libraries": facts.get("libraries") or {}, "machine": facts.get("machine") or {}}
    intake = intake_of(version)
    if intake is None or not intake.findings:
        return None
    told = intake.findings
    return {"written_with": told.get("written_with") or {}, "opened_with": told.get("opened_with") or {}}


def _speed(version: ModelVersion) -> dict[str, Any] | None:
    """Which form answers, and what the parity gate said of each."""
    found = compilation_of(version)
    if found is None or not found.report:
        return None
    names = ("name", "title", "verdict", "reason", "seconds_one", "seconds_many", "worst")
    return {
        "serves": serving_form(found),
        "n_inputs": found.report.get("n_inputs"),
        "candidates": [{name: one.get(name) for name in names} for one in found.report["candidates"]],
        "n_rescored": found.n_rescored,
        "n_mismatches": found.n_mismatches,
    }
