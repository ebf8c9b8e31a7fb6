"""The WSGI application that granian (or gunicorn) serves."""

import os

import django
from django.conf import settings
from django.core.cache import close_caches
from django.core.handlers.base import reset_urlconf
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, reset_queries

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlregistry.settings")
django.setup(set_prefix=False)  # as get_wsgi_application does; each request sets its own

# None of them finds work in any request: only DEBUG keeps a list of queries, the cache is this process's own memory,
# and each request names the one table of addresses anew.
request_finished.disconnect(close_caches)
request_finished.disconnect(reset_urlconf)
if not settings.DEBUG:
    request_started.disconnect(reset_queries)
# The handler does it.
request_started.disconnect(close_old_connections)
request_finished.disconnect(close_old_connections)

# Models can only be imported once Django is set up.
from mlregistry.django_handler import Handler  # noqa: E402  # see above
from mlregistry.lent_connections import with_lent_connections  # noqa: E402  # see above
from mlregistry.mlflow_api.door import mlflow_door  # noqa: E402  # see above
from serving.fast_door import fast_door  # noqa: E402  # see above

django_application = Handler()
application = fast_door(with_lent_connections(mlflow_door(django_application), settings.WEB_THREADS))
