"""People: sign up, change one's password and profile; an administrator opens, promotes and closes accounts."""

from axes.utils import reset
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from mlregistry.accounts import audit
from mlregistry.accounts.access_changes import access_changed
from mlregistry.accounts.actions.invitations import accept
from mlregistry.accounts.actions.memberships import join
from mlregistry.accounts.actions.sessions import end_other_sessions
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Membership, Role, User
from mlregistry.accounts.queries.invitations import check_open, of_secret
from mlregistry.errors import AlreadyExists, Conflict, Forbidden, Invalid


def sign_up(username: str, password: str, *, secret: str) -> Membership:
    """A new account that accepts the invitation; nothing is made when either cannot be."""
    if settings.SINGLE_SIGN_ON is not None and not settings.PASSWORDS:
        raise Forbidden(
            "Passwords are switched off here. Log in through your provider, then open this link again."
        )
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
        end_other_sessions(user, keep=None, by=by)
        access_changed()
    return user


def set_administrator(user: User, is_administrator: bool, *, by: Actor) -> User:
    """Makes somebody an administrator or not; one always stays."""
    _require_administrator(by)
    with transaction.atomic():
        if not is_administrator:
            keep_an_administrator(user)
        user.is_superuser = user.is_staff = is_administrator
        user.save(update_fields=["is_superuser", "is_staff"])
        audit.record(by, "user.set_administrator", user, is_administrator=is_administrator)
        access_changed()
    return user


def close_user(user: User, *, by: Actor) -> None:
    """Closes an account: nobody signs in with it any more; what it did keeps its name."""
    _require_administrator(by)
    with transaction.atomic():
        keep_an_administrator(user)
        user.is_active = False
        user.save(update_fields=["is_active"])
        audit.record(by, "user.close", user)
        end_other_sessions(user, keep=None, by=by)
        access_changed()


def reopen_user(user: User, *, by: Actor) -> None:
    """Opens a closed account again, with the memberships and the password it had."""
    _require_administrator(by)
    if user.is_active:
        raise Conflict(f"The account {user.username} is open.")
    with transaction.atomic():
        user.is_active = True
        user.save(update_fields=["is_active"])
        audit.record(by, "user.reopen", user)
        access_changed()


def unlock_user(user: User, *, by: Actor) -> None:
    """Lets somebody try to log in again who failed too often."""
    _require_administrator(by)
    if not reset(username=user.username):
        raise Conflict(f"{user.username} is not locked out.")
    audit.record(by, "user.unlock", user)


def change_password(user: User, old: str, new: str, *, session: str | None = None, by: Actor) -> User:
    """Sets the actor's own password; all sessions but the one named end."""
    if not user.check_password(old):
        raise Invalid("The old password is not right.", field="old_password")
    check_new_password(new, user, field="new_password")
    with transaction.atomic():
        user.set_password(new)
        user.save(update_fields=["password"])
        audit.record(by, "user.change_password", user)
        end_other_sessions(user, keep=session, by=by)
        access_changed()
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


def keep_an_administrator(user: User) -> None:
    """Locks all administrators, so that two cannot close each other at once; Conflict for the last one."""
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
