"""Whether an alias may move to a version, or a test promote it, and if not, why. Called by actions and pages."""

from dataclasses import dataclass, field

from django.conf import settings

from mlregistry.accounts.models import AuditEvent
from mlregistry.ml.model_tests.blocking import is_blocking
from models_app.models import Alias, ModelTestResult, ModelTestRun, ModelVersion, RegisteredModel
from models_app.queries import load_verdicts
from models_app.queries import model_tests as queries

OPEN, WAITS, SHUT, UNTESTABLE = "open", "waits", "shut", "untestable"
AGAINST = ("failed", "broke")


@dataclass(frozen=True)
class Standing:
    """Open: the newest tests passed. Waits: there are none yet that count. Shut: a check that blocks failed.

    `awaits_load`: all else is well, but for a load test that is yet to come.
    """

    state: str
    reasons: list[str] = field(default_factory=list)
    run: ModelTestRun | None = None
    awaits_load: bool = False


def standing(version: ModelVersion) -> Standing:
    """By the newest tests of the same files, by the checks that block for this model, and by load tests if it asks."""
    found, load = _tested(version), load_verdicts.missing(version, queries.gate_of(version))
    if load is None:
        return found
    if found.state in (OPEN, UNTESTABLE):
        return Standing(SHUT if load.failed else WAITS, [load.reason], found.run, awaits_load=not load.failed)
    state = SHUT if load.failed else found.state
    return Standing(state, [*found.reasons, load.reason], found.run)


def _tested(version: ModelVersion) -> Standing:
    if not queries.can_test(version):
        return Standing(
            UNTESTABLE, [f"{version} has no model file that this server opens, so it cannot be tested here."]
        )
    run = queries.newest_run(version)
    if run is None:
        return Standing(WAITS, [f"{version} has not been tested yet. Run its tests, and wait for them."])
    if run.is_live:
        return Standing(WAITS, [f"The tests of {version} are still running. Wait for them."], run)
    if not queries.is_finished(run):
        return Standing(
            WAITS, [f"The tests of {version} could not be run to their end. Run them again."], run
        )
    if stale := queries.stale_reason(run):
        return Standing(
            WAITS, [f"The tests of {version} do not count any more: {stale}. Run them again."], run
        )
    against = blocking(run)
    if against:
        return Standing(SHUT, [f"{version} fails “{one.title}”: {one.sentence}" for one in against], run)
    return Standing(OPEN, [], run)


def blocking(run: ModelTestRun) -> list[ModelTestResult]:
    """What stands against the version, by the checks that the model's policy lets block."""
    chosen = queries.gate_of(run.version).blocking
    rows = run.results.filter(outcome__in=AGAINST).order_by("place")
    return [row for row in rows if is_blocking(row.name, row.severity, chosen)]


def is_guarded(model: RegisteredModel, alias: str) -> bool:
    """Named in the model's policy, or pointing at a version that an endpoint serves."""
    if not settings.MODEL_GATE:
        return False
    if alias.lower() in [name.lower() for name in queries.gate_of(model).aliases]:
        return True
    return Alias.objects.filter(model=model, name=alias, version__variants__isnull=False).exists()


def obstacles_to_alias(alias: str, version: ModelVersion) -> Standing:
    """Open where nothing is guarded or moves; an alias set for the first time waits for no tests unless strict."""
    if not is_guarded(version.model, alias):
        return Standing(OPEN)
    former = (
        Alias.objects.filter(model=version.model, name=alias).values_list("version_id", flat=True).first()
    )
    if former == version.pk:
        return Standing(OPEN)
    found, strict = standing(version), queries.gate_of(version).strict
    is_first = former is None and not _was_deleted(version.model, alias)
    if not strict and (found.state == UNTESTABLE or (found.state == WAITS and is_first)):
        return Standing(OPEN, [], found.run)
    return found


def _was_deleted(model: RegisteredModel, alias: str) -> bool:
    """Taking a guarded alias away first opens no way around its gate."""
    lines = AuditEvent.objects.filter(target_type=model._meta.label_lower, target_id=str(model.pk))
    return lines.filter(action="alias.delete", details__alias=alias).exists()


def obstacles_to_promotion(version: ModelVersion) -> Standing:
    """The same for a version that takes over the traffic of an endpoint."""
    if not settings.MODEL_GATE:
        return Standing(OPEN)
    found = standing(version)
    if found.state == UNTESTABLE and not queries.gate_of(version).strict:
        return Standing(OPEN, [], found.run)
    return found
