"""Who acts: a user in a team with a role and scopes. Doors make it, actions and access functions ask it."""

from dataclasses import dataclass

from mlregistry.accounts.models import Role, Scope, Team, User
from mlregistry.errors import Forbidden

ALL_SCOPES = frozenset(Scope.values)


@dataclass(frozen=True, slots=True)
class Actor:
    """`user` is None when the server itself acts; `via` names the door (web, api, mlflow, admin, worker)."""

    user: User | None
    team: Team
    role: Role
    scopes: frozenset[str] = ALL_SCOPES
    via: str = "web"

    @classmethod
    def system(cls, team: Team, *, user: User | None = None) -> "Actor":
        """The server itself, on behalf of `user` when a person set the work off."""
        return cls(user=user, team=team, role=Role.OWNER, via="worker")

    def require(self, role: Role) -> None:
        """Raises Forbidden unless the actor has at least this role."""
        if self.role < role:
            raise Forbidden(
                f"This needs the role {role.label} in {self.team.name}; you are {self.role.label}. "
                "An owner of the team can change your role."
            )

    def require_scope(self, scope: str) -> None:
        """Raises Forbidden unless the token carries this scope."""
        if scope not in self.scopes:
            raise Forbidden(f"This token lacks the scope {scope}.")
