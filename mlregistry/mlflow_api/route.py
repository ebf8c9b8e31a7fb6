"""What a row of the route table is, and what its function gets and gives. Each noun's file makes such rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import ApiToken, Role, Scope

from .fields import Field

Environ = dict[str, Any]


@dataclass(slots=True)
class Call:
    """One request: who calls, the checked fields, the parts of the path, the WSGI environment."""

    by: Actor
    given: dict[str, Any]
    path: dict[str, str]
    environ: Environ
    token: ApiToken | None = None

    @property
    def in_one_team(self) -> bool:
        """Whether the caller's token is limited to a team; it then reaches nothing outside."""
        return self.token is not None and self.token.team_id is not None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is not plain JSON with status 200."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Iterable[bytes] = ()


Answer = Mapping[str, Any] | Reply


@dataclass(frozen=True, slots=True)
class Route:
    """`path` follows /api/ and /ajax-api/; {name} takes one part of it, {name:path} the rest.

    `role` is the least role, None where nobody needs to log in; viewers' routes need a token that reads,
    the others one that writes, unless `scope` says otherwise. `fields` None leaves the body unread.
    """

    method: str
    path: str
    act: Callable[[Call], Answer]
    role: Role | None
    fields: tuple[Field, ...] | None = ()
    scope: Scope | None = None

    @property
    def needed_scope(self) -> Scope:
        return self.scope or (Scope.READ if self.role == Role.VIEWER else Scope.WRITE)
