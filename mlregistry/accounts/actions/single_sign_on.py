"""People who come from an identity provider: who they are here, their account, and the roles of their groups.

The door of OpenID Connect calls `sign_in` with claims that it has verified. Nothing here knows of the protocol.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction
from django.utils.text import slugify

from mlregistry.accounts import audit
from mlregistry.accounts.access_changes import access_changed
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Invitation, Membership, ProviderGrant, Role, Team, User
from mlregistry.accounts.sign_on_rules import Rules
from mlregistry.errors import Conflict, Forbidden, NotFound

N_SUFFIXES = 200
VIA = "sso"


@dataclass(frozen=True)
class Claims:
    """What the provider says of a person, verified."""

    subject: str
    email: str = ""
    email_verified: bool = False
    username: str = ""
    first_name: str = ""
    last_name: str = ""
    groups: frozenset[str] = field(default_factory=frozenset)


def sign_in(
    claims: Claims, *, known: User | None, invited: Invitation | None = None, rules: Rules | None = None
) -> User:
    """The account of a verified person: `known` by an earlier sign-on, linked, or opened now; roles follow the groups.

    Somebody `invited`, on the way to the page that accepts it, needs no group yet.
    Forbidden says why somebody may not come in. Nothing is changed then.
    """
    rules = rules or rules_in_force()
    _check_domain(claims, rules)
    with transaction.atomic():
        user = known or _linked(claims, rules) or _opened(claims, rules, invited)
        if not user.is_active:
            raise Forbidden("Your account is closed. Ask an administrator to open it.")
        _follow_groups(user, claims.groups, rules)
        if invited is None and not Membership.objects.filter(user=user).exists():
            raise Forbidden(
                "You belong to no team here. Ask for a group that gives a role, or for an invitation by e-mail."
            )
    return user


def rules_in_force() -> Rules:
    """What the operator set; NotFound where there is no single sign-on."""
    found: Rules | None = settings.SINGLE_SIGN_ON
    if found is None:
        raise NotFound("There is no single sign-on here.")
    return found


def _check_domain(claims: Claims, rules: Rules) -> None:
    """With allowed domains only a verified address in one of them lets in."""
    if not rules.domains:
        return
    if not claims.email_verified:
        raise Forbidden(
            "Your provider has not verified your e-mail address, so it cannot be checked. Verify it there."
        )
    if claims.email.rpartition("@")[2].lower() not in rules.domains:
        raise Forbidden(f"Only addresses of {', '.join(sorted(rules.domains))} may sign in here.")


def _linked(claims: Claims, rules: Rules) -> User | None:
    """An account of the same address, if the operator allows it and the provider vouches for the address."""
    if not claims.email:
        return None
    same = list(User.objects.select_for_update().filter(email__iexact=claims.email).order_by("pk")[:2])
    if not same:
        return None
    if not rules.links or not claims.email_verified:
        why = (
            "your provider has not verified it" if rules.links else "accounts are not linked by address here"
        )
        raise Forbidden(f"There is an account with your e-mail address, and {why}. Ask an administrator.")
    if len(same) > 1:
        raise Forbidden("Several accounts have your e-mail address. Ask an administrator to clear it up.")
    user = same[0]
    _record("user.link", user, user.default_team, provider=rules.name)
    return user


def _opened(claims: Claims, rules: Rules, invited: Invitation | None) -> User:
    """A new account without a password, if a group or the default team gives it a place."""
    if not rules.opens and invited is None:
        raise Forbidden("There is no account for you here yet. Ask an administrator for one.")
    wanted = rules.roles_of(claims.groups)
    if invited is None and not Team.objects.filter(slug__in=wanted).exists():
        raise Forbidden(
            "None of your groups gives a role in a team here. Ask an administrator which one does."
        )
    user = User(
        username=_free_name(claims),
        email=claims.email if claims.email_verified else "",
        first_name=claims.first_name[:150],
        last_name=claims.last_name[:150],
    )
    user.set_unusable_password()
    user.save()
    return user


def _free_name(claims: Claims) -> str:
    """From the name or the address, with a number where it is taken; never somebody else's."""
    wish = claims.username or claims.email.partition("@")[0]
    stem = slugify(wish.partition("@")[0], allow_unicode=True)[:120] or "user"
    taken = {
        name.lower()
        for name in User.objects.filter(username__istartswith=stem).values_list("username", flat=True)
    }
    for number in range(1, N_SUFFIXES):
        name = stem if number == 1 else f"{stem}-{number}"
        if name.lower() not in taken:
            return name
    raise Conflict(f"Many people are called {stem}. Ask an administrator to make your account.")


def _follow_groups(user: User, groups: Iterable[str], rules: Rules) -> None:
    """Memberships become what the groups say: given, raised, lowered, and taken where a group gave them before."""
    wanted = rules.roles_of(groups)
    teams = {
        team.slug: team
        for team in Team.objects.select_for_update().filter(slug__in=rules.teams).order_by("pk")
    }
    rows = Membership.objects.filter(user=user, team__in=teams.values()).select_related(
        "team", "provider_grant"
    )
    held = {row.team.slug: row for row in rows}
    changed = False
    for slug, team in teams.items():
        if slug in wanted:
            number, group = wanted[slug]
            changed |= _give(user, team, Role(number), group, held.get(slug))
        elif slug in held and hasattr(held[slug], "provider_grant"):
            changed |= _take(held[slug])
    if changed:
        access_changed()


def _give(user: User, team: Team, role: Role, group: str, held: Membership | None) -> bool:
    if held is None:
        is_new = not user.last_login and not Membership.objects.filter(user=user).exists()
        held = Membership.objects.create(user=user, team=team, role=role)
        if user.default_team_id is None:
            User.objects.filter(pk=user.pk).update(default_team=team)
            user.default_team = team
        if is_new:
            _record("user.provision", user, team)
        _record("membership.create", held, team, user=user.username, role=role.label, group=group)
    elif held.role != role:
        if role < held.role and _is_last_owner(held):
            return _kept(held, group)
        _record(
            "membership.update",
            held,
            team,
            user=user.username,
            role=role.label,
            before=Role(held.role).label,
            group=group,
        )
        Membership.objects.filter(pk=held.pk).update(role=role)
    elif hasattr(held, "provider_grant") and held.provider_grant.group == group[:200]:
        return False
    ProviderGrant.objects.update_or_create(membership=held, defaults={"group": group[:200]})
    return True


def _take(held: Membership) -> bool:
    if _is_last_owner(held):
        return _kept(held, held.provider_grant.group)
    user, team = held.user, held.team
    _record(
        "membership.delete",
        held,
        team,
        user=user.username,
        role=Role(held.role).label,
        group=held.provider_grant.group,
    )
    User.objects.filter(pk=user.pk, default_team=team).update(default_team=None)
    held.delete()
    return True


def _is_last_owner(held: Membership) -> bool:
    others = Membership.objects.filter(team=held.team, role=Role.OWNER, user__is_active=True).exclude(
        pk=held.pk
    )
    return held.role == Role.OWNER and not others.exists()


def _kept(held: Membership, group: str) -> bool:
    """A team keeps its last owner whatever the groups say, and the trail tells."""
    _record("membership.keep_owner", held, held.team, user=held.user.username, group=group)
    return False


def _record(action: str, target: User | Membership, team: Team | None, **details: object) -> None:
    """In the team's trail; the person stands as the one who came in, the provider as the door."""
    if team is None:
        return
    user = target if isinstance(target, User) else target.user
    by = Actor(user=user, team=team, role=Role.OWNER, via=VIA)
    audit.record(by, action, target, **details)
