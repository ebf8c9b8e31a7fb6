"""What the operator says of single sign-on, and what becomes of accounts and roles by it; no provider is asked."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client, override_settings

from mlregistry import env
from mlregistry.accounts import sign_on_rules, sign_on_transport
from mlregistry.accounts.actions import users
from mlregistry.accounts.actions.single_sign_on import Claims, sign_in
from mlregistry.accounts.models import AuditEvent, Membership, ProviderGrant, Role, Team, User
from mlregistry.accounts.sign_on_rules import Rules
from mlregistry.errors import Forbidden, Invalid
from tests.cast import PASSWORD

RULES = Rules(
    issuer="https://login.example.org", client_id="mlregistry", name="Example",
    mapping=(("staff", "lab", 10), ("devs", "lab", 20), ("leads", "lab", 30), ("devs", "rivals", 10)),
)  # fmt: skip
ANNA = Claims("a1", "anna@example.org", True, "anna", "Anna", "Ö", frozenset({"devs"}))
Web = Callable[[User], Client]


def _roles(user: User) -> dict[str, int]:
    return dict(Membership.objects.filter(user=user).values_list("team__slug", "role"))


def test_role_numbers_are_those_of_the_roles() -> None:
    assert {role.label: role.value for role in Role} == sign_on_rules.ROLES


def test_groups_give_the_highest_role_in_each_team(team: Team, other_team: Team) -> None:
    user = sign_in(replace(ANNA, groups=frozenset({"staff", "devs"})), known=None, rules=RULES)
    assert _roles(user) == {"lab": Role.EDITOR, "rivals": Role.VIEWER}
    assert user.default_team == team
    assert not user.has_usable_password()
    assert AuditEvent.objects.filter(action="user.provision", via="sso").count() == 1


def test_roles_given_by_groups_are_raised_lowered_and_taken(
    team: Team, other_team: Team, alice: User
) -> None:
    user = sign_in(ANNA, known=None, rules=RULES)
    for groups, roles in (
        ({"leads"}, {"lab": Role.OWNER}),
        ({"staff", "devs"}, {"lab": Role.EDITOR, "rivals": Role.VIEWER}),
        ({"staff"}, {"lab": Role.VIEWER}),
    ):
        sign_in(replace(ANNA, groups=frozenset(groups)), known=user, rules=RULES)
        assert _roles(user) == roles
    with pytest.raises(Forbidden, match="no team here"):
        sign_in(replace(ANNA, groups=frozenset()), known=user, rules=RULES)


def test_a_membership_given_by_hand_is_not_taken(team: Team, vera: User) -> None:
    sign_in(replace(ANNA, groups=frozenset()), known=vera, rules=RULES)
    assert _roles(vera) == {"lab": Role.VIEWER}
    sign_in(ANNA, known=vera, rules=RULES)
    assert _roles(vera) == {"lab": Role.EDITOR}
    assert ProviderGrant.objects.get().group == "devs"


def test_the_last_owner_stays_whatever_the_groups_say(team: Team, alice: User, bob: User) -> None:
    sign_in(replace(ANNA, groups=frozenset({"staff"})), known=alice, rules=RULES)
    assert _roles(alice) == {"lab": Role.OWNER}
    assert AuditEvent.objects.filter(action="membership.keep_owner").exists()


def test_a_name_that_is_taken_gets_a_number(team: Team, alice: User) -> None:
    claims = replace(ANNA, username="Alice@corp", email="other@example.org")
    assert sign_in(claims, known=None, rules=RULES).username == "alice-2"
    another = replace(claims, subject="2", email="third@example.org")
    assert sign_in(another, known=None, rules=RULES).username == "alice-3"


def test_an_address_links_only_where_the_operator_allows_it_and_it_is_verified(
    team: Team, vera: User
) -> None:
    claims = replace(ANNA, email="vera@example.org")
    with pytest.raises(Forbidden, match="not linked by address"):
        sign_in(claims, known=None, rules=RULES)
    links = replace(RULES, links=True)
    with pytest.raises(Forbidden, match="has not verified"):
        sign_in(replace(claims, email_verified=False), known=None, rules=links)
    assert sign_in(claims, known=None, rules=links) == vera
    User.objects.create_user("twin", "VERA@example.org")
    with pytest.raises(Forbidden, match="Several accounts"):
        sign_in(claims, known=None, rules=links)


def test_nobody_new_comes_in_where_accounts_are_made_by_hand_or_without_a_group(team: Team) -> None:
    with pytest.raises(Forbidden, match="no account for you"):
        sign_in(ANNA, known=None, rules=replace(RULES, opens=False))
    with pytest.raises(Forbidden, match="None of your groups"):
        sign_in(replace(ANNA, groups=frozenset({"other"})), known=None, rules=RULES)
    assert not User.objects.exists()
    user = sign_in(replace(ANNA, groups=frozenset()), known=None, rules=replace(RULES, default=("lab", 10)))
    assert _roles(user) == {"lab": Role.VIEWER}


def test_a_closed_account_stays_closed(team: Team, vera: User) -> None:
    User.objects.filter(pk=vera.pk).update(is_active=False)
    vera.refresh_from_db()
    with pytest.raises(Forbidden, match="closed"):
        sign_in(ANNA, known=vera, rules=RULES)
    assert _roles(vera) == {"lab": Role.VIEWER}


def test_passwords_can_be_switched_off_for_all_but_administrators(team: Team, alice: User, bob: User) -> None:
    alice.is_superuser = True
    alice.save()
    off = ["axes.backends.AxesStandaloneBackend", "mlregistry.accounts.backends.AdministratorsByPassword"]
    Client().get("/login/")  # the addresses are those of a server without single sign-on
    with override_settings(AUTHENTICATION_BACKENDS=off, PASSWORDS=False, SINGLE_SIGN_ON=RULES):
        assert Client().post("/login/", {"username": "bob", "password": PASSWORD}).status_code == 200
        assert Client().post("/login/", {"username": "alice", "password": PASSWORD}).status_code == 302
        assert "Sign in with Example" in Client().get("/login/").content.decode()
        assert Client().get("/password-reset/").status_code == 403
        with pytest.raises(Forbidden, match="switched off"):
            users.sign_up("new", "a long new phrase", secret="x")


def test_without_single_sign_on_the_page_is_as_before(db: None) -> None:
    page = Client().get("/login/").content.decode()
    assert "Sign in with" not in page
    assert 'name="password"' in page
    assert Client().get("/login/sso/").status_code == 404


GOOD = {
    "MLREGISTRY_OIDC_ISSUER": "https://login.example.org/realm/",
    "MLREGISTRY_OIDC_CLIENT_ID": "us",
    "MLREGISTRY_OIDC_ROLES": "cn=ml:all=lab:editor, leads=lab:owner",
    "MLREGISTRY_OIDC_DEFAULT_ROLE": "lab:viewer",
    "MLREGISTRY_OIDC_DOMAINS": "@Example.org,example.com",
    "MLREGISTRY_OIDC_SCOPES": "email,groups",
}


def test_the_environment_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sign_on_rules.from_environment() is None
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    rules = sign_on_rules.from_environment()
    assert rules is not None
    assert (rules.issuer, rules.name) == ("https://login.example.org/realm", "login.example.org")
    assert rules.mapping == (("cn=ml:all", "lab", 20), ("leads", "lab", 30))
    assert rules.default == ("lab", 10)
    assert rules.domains == {"example.org", "example.com"}
    assert rules.scopes == ("openid", "email", "groups")
    assert rules.roles_of({"leads"}) == {"lab": (30, "leads")}
    assert rules.roles_of(()) == {"lab": (10, "everybody")}
    assert "secret" not in repr(replace(rules, client_secret="secret"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MLREGISTRY_OIDC_ISSUER", "http://login.example.org"),
        ("MLREGISTRY_OIDC_ISSUER", "login.example.org"),
        ("MLREGISTRY_OIDC_CLIENT_ID", ""),
        ("MLREGISTRY_OIDC_ROLES", "leads=lab:king"),
        ("MLREGISTRY_OIDC_ROLES", "lab:owner"),
        ("MLREGISTRY_OIDC_DEFAULT_ROLE", "viewer"),
    ],
)
def test_a_mistake_in_the_environment_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    for known, good in GOOD.items():
        monkeypatch.setenv(known, good)
    monkeypatch.setenv(name, value)
    with pytest.raises(env.EnvironmentMistake, match=name):
        sign_on_rules.from_environment()


def test_a_private_provider_is_asked_only_where_the_operator_allows_its_network() -> None:
    with pytest.raises(Invalid, match="MLREGISTRY_ALLOWED_NETWORKS"):
        sign_on_transport.session(over_http=True).get("http://127.0.0.1:9/")
    with pytest.raises(Invalid):
        sign_on_transport.session(over_http=False).get("http://login.example.org/")
