"""The ASGI application, for hosts that serve nothing else."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlregistry.settings")

application = get_asgi_application()
