"""Tells who keeps a copy of tokens and memberships in memory (the prediction path) that they changed.

Actions call it inside their transaction. The listeners stand in settings.ACCESS_CHANGED, as they lie above
this app.
"""

from django.conf import settings
from django.utils.module_loading import import_string


def access_changed() -> None:
    """Calls each listener; one that fails undoes the change, so no copy outlives a revocation."""
    for path in getattr(settings, "ACCESS_CHANGED", ()):
        import_string(path)()
