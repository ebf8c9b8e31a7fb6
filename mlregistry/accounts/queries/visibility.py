"""Who can see what belongs to a team, and why: members, operators, tokens. For the page that says so."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import ApiToken, Membership, Role, Scope, Team, User

MOST = 500  # of each


@dataclass(frozen=True)
class Person:
    name: str
    role: str
    may: str
    why: str
    since: datetime | None = None
    is_service: bool = False


@dataclass(frozen=True)
class Key:
    """A token; `may` is what its scopes leave of its user's role."""

    name: str
    prefix: str
    user: str
    scopes: list[str]
    may: str
    why: str
    last_used_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True)
class Visibility:
    """`tokens` is None for those who may not know of them; `n_` count all, of which the first 500 are listed."""

    members: list[Person]
    operators: list[Person]
    tokens: list[Key] | None
    counts: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "members": [vars(one) for one in self.members],
            "operators": [vars(one) for one in self.operators],
            "tokens": None if self.tokens is None else [vars(one) for one in self.tokens],
            "counts": self.counts,
        }


MAY = {
    Role.VIEWER: "look at it",
    Role.EDITOR: "look at it and change it",
    Role.OWNER: "look at it, change it, and decide who else may",
}
SERVER = "This person runs the server: the administration shows every team"


def who_sees(by: Actor, *, predicts: bool = False, run: UUID | None = None) -> Visibility:
    """Of whatever belongs to the actor's team; tokens for owners only. `predicts`: tokens for predictions reach it
    too; `run`: so do those that are made for this run alone."""
    memberships = Membership.objects.filter(team=by.team, user__is_active=True).select_related("user")
    operators = User.objects.filter(is_active=True).filter(Q(is_superuser=True) | Q(is_staff=True))
    counts = {"members": memberships.count(), "operators": operators.count()}
    keys = None
    if by.role >= Role.OWNER:
        rows = _tokens(by.team, predicts=predicts, run=run)
        counts["tokens"] = rows.count()
        roles = dict(Membership.objects.filter(team=by.team).values_list("user_id", "role"))
        keys = [_key(row, Role(roles[row.user_id])) for row in rows.order_by("user__username", "pk")[:MOST]]
    return Visibility(
        [_member(row, by.team) for row in memberships.order_by("-role", "user__username")[:MOST]],
        [_operator(user) for user in operators.order_by("username")[:MOST]],
        keys, counts,
    )  # fmt: skip


def _tokens(team: Team, *, predicts: bool, run: UUID | None) -> Any:
    """Valid ones of members, limited to this team or to none."""
    now, scopes = timezone.now(), [Scope.READ, Scope.WRITE, *([Scope.PREDICT] if predicts else [])]
    rows = ApiToken.objects.filter(revoked_at=None, user__is_active=True, scopes__overlap=scopes)
    rows = rows.filter(Q(expires_at=None) | Q(expires_at__gt=now)).filter(Q(team=team) | Q(team=None))
    rows = rows.filter(Q(only_run=None) | Q(only_run=run)) if run else rows.filter(only_run=None)
    members = Membership.objects.filter(team=team).values("user_id")
    return rows.filter(user_id__in=members).select_related("user", "team")


def _member(row: Membership, team: Team) -> Person:
    role = Role(row.role)
    why = f"{'A service account' if row.user.is_service else 'Member'} of {team.name} with the role {role.label}"
    return Person(row.user.get_username(), role.label, MAY[role], why, row.created_at, row.user.is_service)


def _operator(user: User) -> Person:
    why = f"{SERVER}." if user.is_superuser else f"{SERVER}, as far as the permissions of this account go."
    may = "look at it, and delete it" if user.is_superuser else "look at what its permissions allow"
    return Person(user.get_username(), "operator", may, why, user.date_joined, user.is_service)


def _key(row: ApiToken, role: Role) -> Key:
    parts = [
        WORDS[scope]
        for scope in row.scopes
        if scope in WORDS and (scope != Scope.WRITE or role > Role.VIEWER)
    ]
    where = "limited to this team" if row.team_id else "for every team of its user"
    if row.only_run:
        where = "made for this run alone, while its job lasts"
    return Key(
        row.name, row.prefix, row.user.get_username(), list(row.scopes), " and ".join(parts) or "nothing",
        f"A token of {row.user.get_username()} ({role.label}), {where}", row.last_used_at, row.expires_at,
    )  # fmt: skip


WORDS: dict[str, str] = {
    Scope.READ: "look at it",
    Scope.WRITE: "change it",
    Scope.PREDICT: "ask for predictions",
}
