"""People: sign up, change one's password and profile; an administrator opens, promotes and closes accounts."""

from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from mlregistry.accounts import access, audit
from mlregistry.accounts.access_changes import access_changed
from mlregistry.accounts.actions.invitations import accept
from mlregistry.accounts.actions.memberships import join
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Membership, Role, Team, User
from mlregistry.accounts.queries.invitations import check_open, of_secret
from mlregistry.errors import AlreadyExists, Conflict, Forbidden, Invalid, NotFound


def sign_up(username: str, password: str, *, secret: str) -> Membership:
    """A new account that accepts the invitation; nothing is made when either cannot be."""
    invitation = of_secret(secret)
    check_open(invitation)
    user = User(username=_checked_username(username), email=invitation.email)
    check_new_password(password, user)
    user.set_password(password)
    with transaction.atomic():
        _insert(user)
        return accept(secret, user=user)


def create_user(username: str, password: str, *, by: Actor) -> User:
    """A new account in the actor's team, as a viewer. Only an administrator makes accounts."""
    _require_administrator(by)
    user = User(username=_checked_username(username))
    check_new_password(password, user)
    user.set_password(password)
    with transaction.atomic():
        _insert(user)
        member = join(user, by.team, Role.VIEWER)
        audit.record(by, "user.create", user)
        audit.record(by, "membership.create", member, user=user.username, role=Role.VIEWER.label)
    return user


def set_password(user: User, new: str, *, by: Actor) -> User:
    """Another person's password, by an administrator; all their sessions end."""
    _require_administrator(by)
    check_new_password(new, user)
    with transaction.atomic():
        user.set_password(new)
        user.save(update_fields=["password"])
        audit.record(by, "user.set_password", user)
        access_changed()
    return user


def set_administrator(user: User, is_administrator: bool, *, by: Actor) -> User:
    """Makes somebody an administrator or not; one always stays."""
    _require_administrator(by)
    with transaction.atomic():
        if not is_administrator:
            _keep_an_administrator(user)
        user.is_superuser = user.is_staff = is_administrator
        user.save(update_fields=["is_superuser", "is_staff"])
        audit.record(by, "user.set_administrator", user, is_administrator=is_administrator)
        access_changed()
    return user


def close_user(user: User, *, by: Actor) -> None:
    """Closes an account: nobody signs in with it any more; what it did keeps its name."""
    _require_administrator(by)
    with transaction.atomic():
        _keep_an_administrator(user)
        user.is_active = False
        user.save(update_fields=["is_active"])
        audit.record(by, "user.close", user)
        access_changed()


def change_password(user: User, old: str, new: str, *, by: Actor) -> User:
    """Sets the actor's own password; all other sessions end."""
    if not user.check_password(old):
        raise Invalid("The old password is not right.", field="old_password")
    check_new_password(new, user, field="new_password")
    with transaction.atomic():
        user.set_password(new)
        user.save(update_fields=["password"])
        audit.record(by, "user.change_password", user)
        access_changed()
    return user


def update_profile(
    user: User, *, first_name: str, last_name: str, email: str, default_team: str = "", by: Actor
) -> User:
    """The actor's own names, address and the team where requests without one go."""
    user.first_name, user.last_name, user.email = first_name.strip(), last_name.strip(), email.strip()
    user.default_team = _own_team(by, default_team) if default_team else user.default_team
    try:
        user.full_clean(exclude=["password", "username"])
    except ValidationError as error:
        field, reasons = next(iter(error.message_dict.items()))
        raise Invalid(reasons[0], field=field) from error
    with transaction.atomic():
        user.save(update_fields=["first_name", "last_name", "email", "default_team"])
        audit.record(by, "user.update", user)
    return user


def check_new_password(password: str, user: User, *, field: str = "password") -> None:
    """Raises Invalid with all that is wrong with a new password."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field=field, details=error.messages) from error


def _require_administrator(by: Actor) -> None:
    if by.user is None or not by.user.is_superuser:
        raise Forbidden("This is for administrators of the server.")


def _keep_an_administrator(user: User) -> None:
    """Locks all administrators, so that two cannot close each other at once."""
    others = list(User.objects.select_for_update().filter(is_superuser=True, is_active=True).order_by("pk"))
    if [one.pk for one in others] == [user.pk]:
        raise Conflict(f"{user.username} is the last administrator; make somebody else administrator first.")


def _insert(user: User) -> None:
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        raise AlreadyExists(f"The user name “{user.username}” is taken.", field="username") from error


def _checked_username(username: str) -> str:
    username = User.normalize_username(username.strip())
    try:
        UnicodeUsernameValidator()(username)
    except ValidationError as error:
        raise Invalid(error.messages[0], field="username") from error
    if len(username) > 150:
        raise Invalid("The user name may have 150 letters.", field="username")
    if User.objects.filter(username__iexact=username).exists():
        raise AlreadyExists(f"The user name “{username}” is taken.", field="username")
    return username


def _own_team(by: Actor, slug: str) -> Team:
    team = access.teams(by).filter(slug=slug).first()
    if team is None:
        raise NotFound(f"You are in no team “{slug}”.")
    return team
