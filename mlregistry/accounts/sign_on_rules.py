"""What the operator says of single sign-on, read from the environment; settings.SINGLE_SIGN_ON holds the outcome.

No model is imported here, as settings are read before any: roles are their numbers, which a test holds to Role.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.util import find_spec
from urllib.parse import urlsplit

from mlregistry import env

APPS = (  # of allauth; only the protocol is used, and none of its pages
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
)
MIDDLEWARE = ("allauth.account.middleware.AccountMiddleware",)
ROLES = {"viewer": 10, "editor": 20, "owner": 30}
DEFAULT_SCOPES = "openid profile email"


@dataclass(frozen=True)
class Rules:
    """`mapping` lists group, team (its slug) and role; `default` is the team and role of everybody else."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False, default="")
    scopes: tuple[str, ...] = tuple(DEFAULT_SCOPES.split())
    name: str = "your organisation"
    domains: frozenset[str] = frozenset()
    groups_claim: str = "groups"
    mapping: tuple[tuple[str, str, int], ...] = ()
    default: tuple[str, int] | None = None
    links: bool = False
    opens: bool = True
    over_http: bool = False

    @property
    def teams(self) -> frozenset[str]:
        """Those whose memberships follow the provider."""
        return frozenset(team for _, team, _ in self.mapping) | (
            {self.default[0]} if self.default else frozenset()
        )

    def roles_of(self, groups: Iterable[str]) -> dict[str, tuple[int, str]]:
        """By team the highest role that any of the groups gives, and that group; the default where none does."""
        have = frozenset(groups)
        found: dict[str, tuple[int, str]] = {}
        for group, team, role in self.mapping:
            if group in have and (team not in found or role > found[team][0]):
                found[team] = (role, group)
        if self.default is not None and self.default[0] not in found:
            found[self.default[0]] = (self.default[1], "everybody")
        return found


def from_environment() -> Rules | None:
    """None while MLREGISTRY_OIDC_ISSUER is not set. An EnvironmentMistake names the variable."""
    issuer = env.text("MLREGISTRY_OIDC_ISSUER").rstrip("/")
    if not issuer:
        return None
    if find_spec("allauth") is None or find_spec("jwt") is None:
        raise env.EnvironmentMistake(
            "MLREGISTRY_OIDC_ISSUER needs the extra oidc: pip install 'mlregistry[oidc]'"
        )
    over_http = env.flag("MLREGISTRY_OIDC_OVER_HTTP")
    parts = urlsplit(issuer)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
        raise env.EnvironmentMistake("MLREGISTRY_OIDC_ISSUER must look like https://login.example.org/realm")
    if parts.scheme == "http" and not over_http:
        raise env.EnvironmentMistake(
            "MLREGISTRY_OIDC_ISSUER must begin with https://, unless MLREGISTRY_OIDC_OVER_HTTP is 1"
        )
    client_id = env.text("MLREGISTRY_OIDC_CLIENT_ID")
    if not client_id:
        raise env.EnvironmentMistake("MLREGISTRY_OIDC_CLIENT_ID must be set beside MLREGISTRY_OIDC_ISSUER")
    return Rules(
        issuer=issuer,
        client_id=client_id,
        client_secret=env.text("MLREGISTRY_OIDC_CLIENT_SECRET"),
        scopes=_scopes(env.text("MLREGISTRY_OIDC_SCOPES", DEFAULT_SCOPES)),
        name=env.text("MLREGISTRY_OIDC_NAME", parts.hostname),
        domains=frozenset(word.lower().lstrip("@") for word in _words(env.text("MLREGISTRY_OIDC_DOMAINS"))),
        groups_claim=env.text("MLREGISTRY_OIDC_GROUPS_CLAIM", "groups"),
        mapping=tuple(_mapped(word) for word in _words(env.text("MLREGISTRY_OIDC_ROLES"))),
        default=_place("MLREGISTRY_OIDC_DEFAULT_ROLE", env.text("MLREGISTRY_OIDC_DEFAULT_ROLE")),
        links=env.flag("MLREGISTRY_OIDC_LINK_BY_EMAIL"),
        opens=env.flag("MLREGISTRY_OIDC_NEW_USERS", default=True),
        over_http=over_http,
    )


def _scopes(text: str) -> tuple[str, ...]:
    found = text.replace(",", " ").split()
    return tuple(found if "openid" in found else ["openid", *found])


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _mapped(word: str) -> tuple[str, str, int]:
    """ml-team=lab:editor; a group's name may hold = and : itself, so the last ones count."""
    group, _, place = word.rpartition("=")
    found = _place("MLREGISTRY_OIDC_ROLES", place)
    if not group or found is None:
        raise env.EnvironmentMistake(
            f"MLREGISTRY_OIDC_ROLES must look like data-science=lab:editor,leads=lab:owner, not {word!r}"
        )
    return (group.strip(), *found)


def _place(name: str, text: str) -> tuple[str, int] | None:
    """lab:viewer"""
    if not text:
        return None
    team, _, role = text.rpartition(":")
    if not team or role not in ROLES:
        raise env.EnvironmentMistake(f"{name} must name a team and viewer, editor or owner, not {text!r}")
    return team.strip(), ROLES[role]
