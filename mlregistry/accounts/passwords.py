"""Checks a user name and password sent with a request without hashing each time; the API doors call it."""

import hashlib
import hmac

from axes.utils import reset
from django.conf import settings
from django.contrib.auth import authenticate
from django.core.cache import cache
from django.http import HttpRequest

from mlregistry.accounts.models import User
from mlregistry.errors import TooMany, Unauthenticated

REMEMBERED_SECONDS = 300


def check_password(request: HttpRequest, username: str, password: str) -> User:
    """The user; Unauthenticated when they do not match, TooMany after too many failures."""
    user = User.objects.filter(username=username, is_active=True).first() if _storable(username) else None
    if user is not None:
        key = _cache_key(user, password)
        if cache.get(key):
            return user
    found = authenticate(request, username=username, password=password) if _storable(username) else None
    if getattr(request, "axes_locked_out", False):
        request.axes_locked_out = False  # type: ignore[attr-defined]  # keeps the log-in page's HTML out of the answer
        raise TooMany("Too many failed attempts for this user name. Wait 15 minutes, or send a token.")
    if user is None or found is None or found.pk != user.pk:
        raise Unauthenticated("The user name and password do not match. Check them, or send a token instead.")
    reset(username=username, ip=getattr(request, "axes_ip_address", None))
    cache.set(_cache_key(user, password), True, REMEMBERED_SECONDS)
    return user


def _storable(username: str) -> bool:
    return 0 < len(username) <= 150 and username.isprintable()


def _cache_key(user: User, password: str) -> str:
    """Keyed by the server's secret and the stored hash: tells nothing, and a new password makes it void."""
    text = f"{user.pk}\0{user.password}\0{password}".encode("utf-8", "surrogatepass")
    digest = hmac.new(settings.SECRET_KEY.encode(), text, hashlib.sha256).hexdigest()
    return f"password-{digest}"
