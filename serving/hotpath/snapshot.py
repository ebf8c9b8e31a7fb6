"""The routing snapshot: everything a prediction needs to know, immutable and in memory.

The serving queries build it from the database, `live.Live` swaps it, `predict.predict` reads it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Protocol

from mlregistry.errors import Invalid
from serving.hotpath.decoding import Decoder
from serving.hotpath.split import Layout, bucket_of

FORMAT = 1
LogMode = Literal["durable", "best_effort", "off"]


class Address(NamedTuple):
    """Where an endpoint is found: team slug (None: the token's default team) and name."""

    team: str | None
    name: str


class Scorer(Protocol):
    """A model ready to answer. The seam behind which a faster form than the native pipeline may stand."""

    def score(self, rows: Sequence[dict[str, Any]], **wish: Any) -> dict[str, Any]: ...

    @property
    def inputs(self) -> tuple[Any, ...]: ...

    @property
    def decoder(self) -> Decoder | None: ...

    @property
    def example(self) -> list[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class ModelHandle:
    """How to load one model version. `trusted`: trained here or approved by an owner (pickles need it).

    `compiled` tells of its compiled form, if it has one: folder, sha256, most_rows.
    """

    version_id: int
    name: str
    version: int
    kind: str
    folder: str
    file: Mapping[str, Any]
    signature: Mapping[str, Any]
    example: tuple[Mapping[str, Any], ...] = ()
    trusted: bool = False
    compiled: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        names = ("version_id", "name", "version", "kind", "folder", "trusted")
        data = {name: getattr(self, name) for name in names}
        if self.compiled is not None:
            data["compiled"] = dict(self.compiled)
        rows = [dict(row) for row in self.example]
        return {**data, "file": dict(self.file), "signature": dict(self.signature), "example": rows}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ModelHandle:
        return cls(**{**data, "example": tuple(data["example"])})


@dataclass(frozen=True, slots=True)
class Variant:
    """One version behind an endpoint. `key` names it in the layout, in X-Variant and in the log."""

    key: str
    model: ModelHandle

    def to_json(self) -> dict[str, Any]:
        return {"key": self.key, "model": self.model.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Variant:
        return cls(key=data["key"], model=ModelHandle.from_json(data["model"]))


@dataclass(frozen=True, slots=True)
class LogPolicy:
    """What is written down of an endpoint's predictions; `sample` is the share of units (or requests) logged.

    `redact` has a rule by column (`hotpath.redaction`), `key` is the team's for hashes, in hex.
    """

    mode: LogMode = "best_effort"
    sample: float = 1.0
    inputs: bool = True
    redact: Mapping[str, str] = field(default_factory=dict)
    key: str = ""

    def to_json(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in ("mode", "sample", "inputs", "key")}
        return {**plain, "redact": dict(self.redact)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> LogPolicy:
        return cls(**data)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A stable name that answers predictions, with its variants and their buckets."""

    id: int
    team_id: int
    team: str
    name: str
    salt: str
    variants: tuple[Variant, ...]
    layout: Layout
    log: LogPolicy = LogPolicy()
    enabled: bool = True

    def __post_init__(self) -> None:
        missing = set(self.layout.owners) - {variant.key for variant in self.variants}
        if missing:
            raise Invalid(f"The layout names no variant “{min(missing)}” of this endpoint.", field="layout")

    def choose(self, unit_id: str | None) -> Variant:
        """The variant that answers this unit; a random draw for a request without a unit id."""
        if len(self.variants) == 1:
            return self.variants[0]
        key = self.layout.owner(bucket_of(unit_id, self.salt))
        return next(variant for variant in self.variants if variant.key == key)

    def to_json(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in ("id", "team_id", "team", "name", "salt", "enabled")}
        variants = [variant.to_json() for variant in self.variants]
        return {**plain, "variants": variants, "layout": self.layout.to_json(), "log": self.log.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Endpoint:
        parts = {
            "variants": tuple(Variant.from_json(variant) for variant in data["variants"]),
            "layout": Layout.from_json(data["layout"]),
            "log": LogPolicy.from_json(data["log"]),
        }
        return cls(**{**data, **parts})


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token allows. `teams`: slugs it reaches; `expires_at`: seconds since 1970, None for never."""

    team_id: int
    teams: frozenset[str]
    default_team: str
    scopes: frozenset[str]
    expires_at: float | None = None

    def to_json(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in ("team_id", "default_team", "expires_at")}
        return {**plain, "teams": sorted(self.teams), "scopes": sorted(self.scopes)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Grant:
        return cls(**{**data, "teams": frozenset(data["teams"]), "scopes": frozenset(data["scopes"])})


def _nothing() -> Mapping[Any, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All endpoints and tokens at one epoch. `models` (by version id) is attached in memory, never stored."""

    epoch: int = 0
    endpoints: Mapping[tuple[str, str], Endpoint] = field(default_factory=_nothing)
    tokens: Mapping[str, Grant] = field(default_factory=_nothing)
    models: Mapping[int, Scorer] = field(default_factory=_nothing, repr=False, compare=False)

    def version_ids(self) -> frozenset[int]:
        return frozenset(handle.version_id for handle in self.handles())

    def handles(self) -> list[ModelHandle]:
        """Every model handle, each version once."""
        found = {v.model.version_id: v.model for e in self.endpoints.values() for v in e.variants}
        return list(found.values())

    def to_json(self) -> dict[str, Any]:
        endpoints = [endpoint.to_json() for endpoint in self.endpoints.values()]
        tokens = {digest: grant.to_json() for digest, grant in self.tokens.items()}
        return {"format": FORMAT, "epoch": self.epoch, "endpoints": endpoints, "tokens": tokens}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Snapshot:
        if data.get("format") != FORMAT:
            raise ValueError(f"routing snapshot of format {data.get('format')!r}, expected {FORMAT}")
        tokens = {digest: Grant.from_json(grant) for digest, grant in data["tokens"].items()}
        endpoints = [Endpoint.from_json(endpoint) for endpoint in data["endpoints"]]
        return snapshot_of(endpoints, tokens, epoch=data["epoch"])


def snapshot_of(endpoints: list[Endpoint], tokens: Mapping[str, Grant], *, epoch: int) -> Snapshot:
    """A snapshot of these endpoints and tokens (by `token_digest`)."""
    table = MappingProxyType({(endpoint.team, endpoint.name): endpoint for endpoint in endpoints})
    return Snapshot(epoch=epoch, endpoints=table, tokens=MappingProxyType(dict(tokens)))


def with_models(snapshot: Snapshot, models: Mapping[int, Scorer]) -> Snapshot:
    return replace(snapshot, models=MappingProxyType(dict(models)))


def token_digest(token: str) -> str:
    """SHA-256 of a token in hex: the only form of it that is kept."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def save(snapshot: Snapshot, path: Path) -> None:
    """Keeps a snapshot for the next start, whole or not at all, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(snapshot.to_json(), file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def load(path: Path) -> Snapshot | None:
    """The kept snapshot; None where there is none that can be read."""
    try:
        return Snapshot.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, Invalid):
        return None
