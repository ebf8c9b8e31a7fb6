"""The WSGI application that granian (or gunicorn) serves."""

import os

from django.conf import settings
from django.core.cache import close_caches
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import reset_queries

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlregistry.settings")

django_application = get_wsgi_application()
# Neither finds work in any request: only DEBUG keeps a list of queries, and the cache is this process's own memory.
request_finished.disconnect(close_caches)
if not settings.DEBUG:
    request_started.disconnect(reset_queries)

# Models can only be imported once Django is set up.
from mlregistry.lent_connections import with_lent_connections  # noqa: E402  # see above
from mlregistry.mlflow_api.door import mlflow_door  # noqa: E402  # see above
from serving.fast_door import fast_door  # noqa: E402  # see above

application = fast_door(with_lent_connections(mlflow_door(django_application), settings.WEB_THREADS))
