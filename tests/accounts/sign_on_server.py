"""The server with single sign-on set up, as a process of its own: `python -m tests.accounts.sign_on_server PORT`.

Its database gets allauth's tables beside ours, a team, an administrator, and somebody with an account by password.
"""

import sys
from importlib import import_module
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings
from django.core.management import call_command


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


def main(port: int) -> None:
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    django.setup()
    call_command("migrate", verbosity=0)
    seed()
    application = import_module("django.core.wsgi").get_wsgi_application()
    make_server("127.0.0.1", port, application, server_class=Server, handler_class=Quiet).serve_forever()


def seed() -> None:
    models = import_module("mlregistry.accounts.models")
    team = models.Team.objects.create(slug="lab", name="The lab")
    models.Team.objects.create(slug="side", name="Side")
    alice = models.User.objects.create_superuser("alice", "alice@example.org", "correct horse battery")
    bob = models.User.objects.create_user("bob", "bob@example.org", "correct horse battery")
    models.Membership.objects.create(team=team, user=alice, role=models.Role.OWNER)
    models.Membership.objects.create(team=team, user=bob, role=models.Role.VIEWER)


if __name__ == "__main__":
    main(int(sys.argv[1]))
