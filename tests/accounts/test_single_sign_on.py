"""Single sign-on against a real provider in a process of its own: the whole flow, and each way in which it can fail."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPResponse
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, Request, build_opener, urlopen

import psycopg2
import pytest

from mlregistry import env
from mlregistry.supervisor.leash import leashed
from tests.accounts.identity_provider import CLIENT_ID, CLIENT_SECRET
from tests.cast import PASSWORD
from tests.servers import TEMPLATE, free_port

ROOT = Path(__file__).resolve().parents[2]
ANNA: dict[str, Any] = {"sub": "a1", "email": "anna@example.org", "email_verified": True, "preferred_username": "anna",
        "given_name": "Anna", "family_name": "Ö", "groups": ["devs"]}  # fmt: skip


@dataclass
class Page:
    address: str
    status: int
    text: str


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


@dataclass
class Visitor:
    """A browser without a screen: cookies, redirects, forms."""

    home: str
    jar: CookieJar = field(default_factory=CookieJar)

    def get(self, path: str, *, stay: bool = False) -> Page:
        return self._open(Request(self._whole(path)), stay)  # noqa: S310 - loopback

    def post(self, path: str, stay: bool = False, **form: str) -> Page:
        self.get("/login/?local=1") if not self._csrf() else None
        body = urlencode({**form, "csrfmiddlewaretoken": self._csrf()}).encode()
        request = Request(self._whole(path), body, {"Referer": self.home + "/login/"})  # noqa: S310  # an address of our own server
        return self._open(request, stay)

    def me(self) -> dict[str, Any] | None:
        """Who the server takes this browser for, with the role in the lab; None for nobody."""
        page = self.get("/t/lab/api/v1/me")
        if page.status != 200:
            return None
        found = json.loads(page.text)
        return {"name": found["user"]["username"], "role": found["role"]}

    def _csrf(self) -> str:
        return next((cookie.value or "" for cookie in self.jar if cookie.name == "csrftoken"), "")

    def _whole(self, path: str) -> str:
        return path if path.startswith("http") else self.home + path

    def _open(self, request: Request, stay: bool) -> Page:
        opener = build_opener(HTTPCookieProcessor(self.jar), *([_Stay()] if stay else []))
        try:
            answer: HTTPResponse | HTTPError = opener.open(request, timeout=120)
        except HTTPError as error:
            answer = error
        with answer:
            address = answer.headers.get("Location") if stay else answer.url
            return Page(str(address), int(answer.status or 0), answer.read().decode())


@dataclass
class Place:
    """The two processes."""

    server: str
    provider: str

    def visitor(self) -> Visitor:
        return Visitor(self.server)

    def tell(self, fault: str = "", **claims: Any) -> None:
        """Who signs in next, and what goes wrong."""
        body = json.dumps({"claims": claims, "fault": fault}).encode()
        urlopen(f"{self.provider}/control", body, timeout=10).close()  # noqa: S310  # an address of our own server

    def sign_in(self, fault: str = "", **claims: Any) -> tuple[Visitor, Page]:
        self.tell(fault, **claims)
        visitor = self.visitor()
        return visitor, visitor.get("/login/sso/")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    provider, server = free_port(), free_port()
    name = f"sign_on_{os.getpid()}"
    address = urlsplit(os.environ["DATABASE_URL"])
    template = "" if env.text("TEST_DATABASE_URL") else f" TEMPLATE {TEMPLATE}"
    with closing(psycopg2.connect(os.environ["DATABASE_URL"])) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}{template}")
    settings = {
        "DATABASE_URL": address._replace(path=f"/{name}").geturl(),
        "MLREGISTRY_HOME": str(tmp_path_factory.mktemp("sign-on")),
        "DJANGO_SETTINGS_MODULE": "mlregistry.settings",
        "MLREGISTRY_OIDC_ISSUER": f"http://127.0.0.1:{provider}/realm/",
        "MLREGISTRY_OIDC_OVER_HTTP": "1",
        "MLREGISTRY_ALLOWED_NETWORKS": "127.0.0.0/8",
        "MLREGISTRY_OIDC_CLIENT_ID": CLIENT_ID,
        "MLREGISTRY_OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "MLREGISTRY_OIDC_NAME": "Example Login",
        "MLREGISTRY_OIDC_DOMAINS": "example.org",
        "MLREGISTRY_OIDC_ROLES": "staff=lab:viewer,devs=lab:editor,leads=lab:owner",
        "MLREGISTRY_OIDC_LINK_BY_EMAIL": "1",
        "MLREGISTRY_PASSWORDS": "0",
    }
    processes = [
        _start([sys.executable, "tests/accounts/identity_provider.py", str(provider)], {}),
        _start([sys.executable, "-m", "tests.accounts.sign_on_server", str(server)], settings),
    ]
    try:
        found = Place(f"http://127.0.0.1:{server}", f"http://127.0.0.1:{provider}")
        _wait(lambda: urlopen(f"{found.server}/health", timeout=5).close(), processes[1])  # noqa: S310  # an address of our own server
        yield found
    finally:
        for process in processes:
            process.terminate()
            process.wait(10)


def _start(command: list[str], settings: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **settings}, preexec_fn=leashed(signal.SIGKILL)
    )


def _wait(ask: Callable[[], None], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 240
    while True:
        try:
            return ask()
        except OSError:  # also what an answer that takes too long raises
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_the_first_sign_in_makes_an_account_with_the_role_of_its_group(place: Place) -> None:
    visitor, page = place.sign_in(**ANNA)
    assert (page.status, page.address) == (200, place.server + "/")
    assert visitor.me() == {"name": "anna", "role": "editor"}
    profile = visitor.get("/profile/").text
    assert "Anna" in profile
    assert "there is no password here" in profile
    again, _ = place.sign_in(**ANNA, name="somebody")
    assert again.me() == {"name": "anna", "role": "editor"}


def test_the_login_page_offers_the_provider_and_no_password(place: Place) -> None:
    page = place.visitor().get("/team/").text
    assert "Sign in with Example Login" in page
    assert "/login/sso/?next=/team/" in page.replace("%2F", "/")
    assert 'name="password"' not in page
    assert 'name="password"' in place.visitor().get("/login/?local=1").text
    assert place.visitor().get("/password-reset/").status == 403


def test_somebody_comes_back_to_the_page_they_wanted_and_to_no_other_site(place: Place) -> None:
    place.tell(**ANNA)
    assert place.visitor().get("/login/sso/?next=/team/").address == place.server + "/team/"
    assert place.visitor().get("/login/sso/?next=https://evil.example/").address == place.server + "/"


def test_roles_follow_the_groups_at_each_sign_in(place: Place) -> None:
    person = {**ANNA, "sub": "g1", "email": "gil@example.org", "preferred_username": "gil"}
    for groups, role in ((["leads", "staff"], "owner"), (["devs"], "editor"), (["staff", "x"], "viewer")):
        visitor, _ = place.sign_in(**{**person, "groups": groups})
        assert visitor.me() == {"name": "gil", "role": role}
    lines = place.visitor()
    lines.post("/login/", username="alice", password=PASSWORD)
    assert "changed the role of gil from editor to viewer" in lines.get("/t/lab/audit/").text
    gone, page = place.sign_in(**{**person, "groups": []})
    assert page.status == 403
    assert "You belong to no team here" in page.text
    assert gone.me() is None


def test_an_account_by_password_is_linked_by_its_verified_address_alone(place: Place) -> None:
    person = {**ANNA, "sub": "b1", "email": "BOB@example.org", "preferred_username": "robert"}
    visitor, page = place.sign_in(**{**person, "email_verified": False})
    assert page.status == 403
    assert visitor.me() is None
    linked, _ = place.sign_in(**person)
    assert linked.me() == {"name": "bob", "role": "editor"}


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        ("state", 403, "was begun elsewhere"),
        ("nonce", 403, "belongs to another sign-in"),
        ("expired", 403, "ExpiredSignatureError"),
        ("aud", 403, "InvalidAudienceError"),
        ("iss", 403, "InvalidIssuerError"),
        ("key", 403, "a key that the provider does not publish"),
        ("forged", 403, "InvalidSignatureError"),
        ("unsigned", 403, "not signed by a key"),
        ("shared", 403, "not signed by a key"),
        ("userinfo", 403, "tells of somebody else"),
        ("denied", 403, "was cancelled"),
        ("issuer", 503, "calls itself by another name"),
        ("down", 503, "does not answer as an identity provider"),
    ],
)
def test_an_answer_that_is_not_right_lets_nobody_in(
    place: Place, fault: str, status: int, words: str
) -> None:
    visitor, page = place.sign_in(fault, **{**ANNA, "sub": "f1", "email": "faye@example.org"})
    assert page.status == status
    assert words in page.text.replace("&#x27;", "'")
    assert "Try again" in page.text
    assert visitor.me() is None


def test_a_foreign_domain_and_an_unverified_address_are_refused(place: Place) -> None:
    _, page = place.sign_in(**{**ANNA, "sub": "e1", "email": "eve@evil.example"})
    assert "Only addresses of example.org" in page.text
    _, page = place.sign_in(**{**ANNA, "sub": "e2", "email_verified": False})
    assert "has not verified your e-mail address" in page.text
    _, page = place.sign_in(**{**ANNA, "sub": "e3", "email": "eve@sub.example.org"})
    assert page.status == 403


def test_a_code_counts_in_the_browser_that_began_alone(place: Place) -> None:
    place.tell(**ANNA)
    step = place.visitor().get("/login/sso/", stay=True)
    assert "code_challenge=" in step.address
    assert "nonce=" in step.address
    back = place.visitor().get(step.address, stay=True).address
    thief = place.visitor()
    assert thief.get(back).status == 403
    assert thief.me() is None
    assert place.visitor().get("/login/sso/callback/").status == 403


def test_signing_out_ends_the_session_and_leads_to_the_providers_page(place: Place) -> None:
    visitor, _ = place.sign_in(**ANNA)
    page = visitor.post("/logout/")
    assert "Sign out of Example Login too" in page.text
    assert visitor.me() is None
    left = visitor.get("/login/sso/out/", stay=True).address
    assert left.startswith(f"{place.provider}/realm/logout?client_id=mlregistry&post_logout_redirect_uri=")


def test_passwords_let_in_administrators_alone(place: Place) -> None:
    bob, alice = place.visitor(), place.visitor()
    assert bob.post("/login/", username="bob", password=PASSWORD).status == 200
    assert bob.me() is None
    alice.post("/login/", username="alice", password=PASSWORD)
    assert alice.me() == {"name": "alice", "role": "owner"}


def test_an_invitation_opens_the_way_for_somebody_without_a_group(place: Place) -> None:
    alice = place.visitor()
    alice.post("/login/", username="alice", password=PASSWORD)
    made = alice.post("/t/lab/team/invitations/", email="new@example.org", role="viewer").text
    link = made.partition("<pre")[2].partition(">")[2].partition("</pre>")[0].strip()
    place.tell(**{**ANNA, "sub": "n1", "email": "new@example.org", "preferred_username": "new", "groups": []})
    visitor = place.visitor()
    path = urlsplit(link).path.removeprefix("/t/lab")
    page = visitor.get(f"/login/sso/?next={path}")
    assert "Join The lab" in page.text
    visitor.post(path)
    assert visitor.me() == {"name": "new", "role": "viewer"}


def test_allauths_own_pages_are_not_there(place: Place) -> None:
    for path in (
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/social/connections/",
        "/login/sso/other/",
    ):
        assert place.visitor().get(path).status == 404, path
