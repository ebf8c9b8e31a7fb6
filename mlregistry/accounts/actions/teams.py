"""Teams: found one, rename it, delete an empty one."""

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from mlregistry.accounts import audit
from mlregistry.accounts.access_changes import access_changed
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, Membership, Role, Team, User
from mlregistry.accounts.models.teams import SLUG
from mlregistry.errors import AlreadyExists, Conflict, Invalid

LONGEST_NAME = 200
N_SUFFIXES = 50
KEPT_LETTERS = 300  # of a text, in the audit trail


def create_team(
    name: str, *, slug: str | None = None, description: str = "", by_user: User, via: str = "web"
) -> Team:
    """A team with `by_user` as its owner; without a slug one is made of the name."""
    name, description = _checked_name(name), _checked_description(description)
    with transaction.atomic():
        team = _insert(name, _checked_slug(slug)) if slug else _insert_with_free_slug(name)
        if description:
            team.description = description
            team.save(update_fields=["description"])
        Membership.objects.create(team=team, user=by_user, role=Role.OWNER)
        if by_user.default_team_id is None:
            by_user.default_team = team
            by_user.save(update_fields=["default_team"])
        audit.record(Actor(by_user, team, Role.OWNER, via=via), "team.create", team, slug=team.slug)
        access_changed()
    return team


def update_team(team: Team, *, name: str | None = None, description: str | None = None, by: Actor) -> Team:
    """Changes the name or the description; the slug is part of addresses and stays."""
    by.require(Role.OWNER)
    changed = {}
    if name is not None:
        changed["name"] = _checked_name(name)
    if description is not None:
        changed["description"] = _checked_description(description)
    with transaction.atomic():
        team = Team.objects.select_for_update().get(pk=team.pk)
        changed = {field: value for field, value in changed.items() if getattr(team, field) != value}
        before = {field: getattr(team, field)[:KEPT_LETTERS] for field in changed}
        for field, value in changed.items():
            setattr(team, field, value)
        team.save(update_fields=list(changed))
        after = {field: value[:KEPT_LETTERS] for field, value in changed.items()}
        audit.record(by, "team.update", team, changed=sorted(changed), before=before, after=after)
    return team


def delete_team(team: Team, *, by: Actor) -> None:
    """Deletes a team in which there is nothing but its members; Conflict names what is still there."""
    by.require(Role.OWNER)
    with transaction.atomic():
        team = Team.objects.select_for_update().get(pk=team.pk)
        kinds = sorted(_kinds_inside(team))
        if kinds:
            raise Conflict(
                f"The team {team.name} is not empty: it still has {', '.join(kinds)}.", details=kinds
            )
        audit.record(by, "team.delete", team, slug=team.slug)
        AuditEvent.objects.filter(team=team).update(team=None)
        team.delete()
        access_changed()


def _kinds_inside(team: Team) -> set[str]:
    """The kinds of rows that belong to the team, other than who is in it and how they get in."""
    return {
        str(relation.related_model._meta.verbose_name_plural)
        for relation in Team._meta.related_objects
        if relation.related_model._meta.app_label != team._meta.app_label
        and relation.related_model._default_manager.filter(**{relation.field.name: team}).exists()
    }


def _checked_name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Invalid(f"Give the team a name of 1 to {LONGEST_NAME} letters.", field="name")
    return name


def _checked_description(description: str) -> str:
    if "\x00" in description or len(description) > 5000:
        raise Invalid("The description may have 5,000 letters and no NUL.", field="description")
    return description


def _checked_slug(slug: str) -> str:
    try:
        SLUG(slug)
    except ValidationError as error:
        raise Invalid(f"“{slug}” cannot be used in addresses. {error.messages[0]}", field="slug") from error
    if len(slug) > 63 or slug.endswith("\n"):
        raise Invalid("The slug may have 63 letters.", field="slug")
    return slug


def _insert(name: str, slug: str) -> Team:
    try:
        with transaction.atomic():
            return Team.objects.create(name=name, slug=slug)
    except IntegrityError as error:
        raise AlreadyExists(f"The slug “{slug}” is taken; choose another.", field="slug") from error


def _insert_with_free_slug(name: str) -> Team:
    stem = slugify(name)[:55].strip("-_").replace("_", "-") or "team"
    for number in range(1, N_SUFFIXES + 1):
        try:
            return _insert(name, stem if number == 1 else f"{stem}-{number}")
        except Conflict:
            continue
    raise Conflict(f"Many teams are called “{name}”; choose a slug.", field="slug")
