"""The routing snapshot as PostgreSQL has it. `serving.live_routing` calls these when the epoch rises."""

import logging
from collections import defaultdict
from typing import Any

from django.db.models import Prefetch
from django.utils.crypto import salted_hmac

from mlregistry.accounts.models import ApiToken, Membership
from mlregistry.artifacts.models import StoredFile
from mlregistry.errors import MlregistryError, Unavailable
from mlregistry.ml.compiling.names import COMPILED, FORM_ALONE
from mlregistry.ml.packaging import NAMES
from mlregistry.ml.signature import kind_of
from models_app.models import ModelFile, ModelVersion
from serving import model_files
from serving.hotpath.snapshot import Endpoint, Grant, LogPolicy, ModelHandle, Snapshot, Variant, snapshot_of
from serving.hotpath.split import Layout
from serving.models import Endpoint as EndpointRow
from serving.models import RoutingEpoch
from serving.models import Variant as VariantRow

logger = logging.getLogger(__name__)


def epoch() -> int:
    return RoutingEpoch.objects.values_list("number", flat=True).first() or 0


def build() -> Snapshot:
    """Everything that predictions need. The epoch is read first: what changes meanwhile has a later one."""
    number = epoch()
    return snapshot_of(_endpoints(), _grants(), epoch=number)


def _endpoints() -> list[Endpoint]:
    """One statement reads endpoints and variants, so weights and variants are of one moment."""
    files = Prefetch("version__files", ModelFile.objects.select_related("file"))
    rows = (
        VariantRow.objects.select_related("endpoint__team", "version__model", "version__compilation__file")
        .prefetch_related(files)
        .order_by("endpoint_id", "position")
    )
    variants: dict[int, list[VariantRow]] = defaultdict(list)
    for row in rows:
        variants[row.endpoint_id].append(row)
    made = (_routed(group) for group in variants.values())
    return [endpoint for endpoint in made if endpoint is not None]


def _routed(rows: list[VariantRow]) -> Endpoint | None:
    """None where the rows contradict each other, as no action leaves them: the other endpoints go on."""
    try:
        return _endpoint(rows)
    except (MlregistryError, LookupError, TypeError, ValueError):
        logger.exception("the endpoint %s (%d) cannot be routed", rows[0].endpoint, rows[0].endpoint_id)
        return None


def _endpoint(rows: list[VariantRow]) -> Endpoint:
    row = rows[0].endpoint
    return Endpoint(
        id=row.pk,
        team_id=row.team_id,
        team=row.team.slug,
        name=row.name,
        salt=row.salt,
        variants=tuple(Variant(key=variant.name, model=handle_of(variant.version)) for variant in rows),
        layout=Layout.from_json(row.layout),
        log=_policy(row),
    )


def _policy(row: EndpointRow) -> LogPolicy:
    """The key is made for the team, so equal values of two teams have different hashes."""
    return LogPolicy(
        mode=row.log_mode.replace("-", "_"),  # type: ignore[arg-type]  # one of the choices of the column
        sample=row.log_sample,
        redact=row.log_redact,
        key=redaction_key(row.team_id) if row.log_redact else "",
    )


def redaction_key(team_id: int) -> str:
    """In hex; from the server's secret, so it needs no place of its own."""
    return salted_hmac("serving.redaction", str(team_id), algorithm="sha256").hexdigest()


def handle_of(version: ModelVersion) -> ModelHandle:
    """How to load a version: what a job of ours wrote, natively and compiled; what came from outside, by the closed
    form that the jail made of it alone."""
    own = {file.format: file for file in version.files.all() if file.trained_here}
    file = own.get("joblib") or own.get("arrays") or own.get("skops")
    compiled = _compiled(version)
    foreign = compiled if file is None else None
    return ModelHandle(
        version_id=version.pk,
        name=version.model.name,
        version=version.number,
        kind=kind_of(version.served_signature),
        folder=_folder(file.file, NAMES[file.format]) if file else str((foreign or {}).get("folder", "")),
        file=_file(file) if file else _form(foreign),
        signature=version.served_signature,
        example=tuple(version.input_example or ()),
        trusted=file is not None,
        compiled=compiled,
    )


def _form(compiled: dict[str, Any] | None) -> dict[str, Any]:
    """The closed form as the one file there is; nothing for a version that has none."""
    if compiled is None:
        return {"format": "", "name": "", "size": 0, "sha256": ""}
    return {"format": FORM_ALONE, "name": COMPILED, "size": 0, "sha256": compiled["sha256"]}


def _compiled(version: ModelVersion) -> dict[str, Any] | None:
    """Where the compiled form lies, if the version has one that passed its gate."""
    found = getattr(version, "compilation", None)
    if found is None or found.file is None:
        return None
    return {
        "folder": _folder(found.file, COMPILED), "sha256": found.file.sha256,
        "most_rows": (found.report or {}).get("most_rows"),
        "precision": (found.report or {}).get("precision", "float64"),
    }  # fmt: skip


def _file(file: ModelFile) -> dict[str, Any]:
    return {
        "format": file.format, "name": NAMES[file.format], "size": file.file.size, "sha256": file.file.sha256,
    }  # fmt: skip


def _folder(stored: StoredFile, name: str) -> str:
    try:
        return str(model_files.fetch(stored, name))
    except (OSError, Unavailable) as error:
        # The loader says which version cannot be served; the others are not held up.
        logger.warning("the bytes of %s cannot be had: %s", stored.key, error)
        return str(model_files.folder_of(stored.sha256))


def _grants() -> dict[str, Grant]:
    """What each valid token allows, by the hex of its digest."""
    teams: dict[int, list[Membership]] = defaultdict(list)
    for member in Membership.objects.select_related("team").order_by("created_at", "pk"):
        teams[member.user_id].append(member)
    tokens = ApiToken.objects.filter(revoked_at=None, only_run=None, user__is_active=True).select_related(
        "user"
    )
    grants = ((bytes(token.digest).hex(), _grant(token, teams[token.user_id])) for token in tokens)
    return {digest: grant for digest, grant in grants if grant is not None}


def _grant(token: ApiToken, joined: list[Membership]) -> Grant | None:
    """None for a token that reaches no team (any more)."""
    reached = [m for m in joined if token.team_id in (None, m.team_id)]
    if not reached:
        return None
    default = next((m for m in reached if m.team_id == token.user.default_team_id), reached[0])
    return Grant(
        team_id=default.team_id,
        teams=frozenset(member.team.slug for member in reached),
        default_team=default.team.slug,
        scopes=frozenset(token.scopes),
        expires_at=token.expires_at.timestamp() if token.expires_at else None,
    )
