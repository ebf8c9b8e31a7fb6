"""OpenID Connect by allauth, held to what the standard asks of a client: nonce, signature, issuer, audience, subject.

`web.single_sign_on` uses these classes; settings name the two adapters. Loaded only where single sign-on is set up.
"""

import hashlib
import logging
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import jwt
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest

from mlregistry.accounts import sign_on_transport
from mlregistry.accounts.actions import single_sign_on
from mlregistry.accounts.actions.single_sign_on import rules_in_force as rules
from mlregistry.accounts.queries.invitations import invited_by_path
from mlregistry.accounts.web.sign_on_pages import failed
from mlregistry.errors import Forbidden, Unavailable

log = logging.getLogger(__name__)
BACKEND = "mlregistry.accounts.backends.SingleSignOn"
CALLBACK = "/login/sso/callback/"
ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
REQUIRED = ["exp", "iat", "iss", "aud", "sub"]
LEEWAY_SECONDS = 30
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


def provider_id() -> str:
    """Names the issuer: a subject of one provider is nobody at another."""
    return "oidc-" + hashlib.sha256(rules().issuer.encode()).hexdigest()[:24]


class Provider(OpenIDConnectProvider):  # type: ignore[misc]  # allauth has no types
    def get_oauth2_adapter(self, request: HttpRequest) -> "Adapter":
        return Adapter(request, self.app.provider_id)

    def extract_extra_data(self, data: Any) -> dict[str, Any]:
        """What is stored beside the subject: nothing that the account does not need."""
        return {"issuer": rules().issuer}


class Adapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth has no types
    @cached_property
    def openid_config(self) -> dict[str, Any]:
        """The provider's own description, of the very issuer that the operator named."""
        found = _fetched(f"{rules().issuer}/.well-known/openid-configuration")
        if str(found.get("issuer", "")).rstrip("/") != rules().issuer:
            raise Unavailable(f"{rules().name} calls itself by another name than MLREGISTRY_OIDC_ISSUER.")
        schemes = ("https", "http") if rules().over_http else ("https",)
        for name in ENDPOINTS:
            if urlsplit(str(found.get(name, ""))).scheme not in schemes:
                raise Unavailable(f"{rules().name} names no {name.replace('_', ' ')} that can be used.")
        return found

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return callback_address(request)

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any) -> SocialLogin:
        """Verifies the ID token and adds what only the user's own endpoint tells, of the same subject."""
        response = kwargs["response"]
        id_token = response.get("id_token")
        if not isinstance(id_token, str):
            raise OAuth2Error("no ID token came")
        claims = verified(id_token, self.openid_config)
        if self.openid_config.get("userinfo_endpoint"):
            told = _fetched(self.openid_config["userinfo_endpoint"], bearer=token.token)
            if told.get("sub") != claims["sub"]:
                raise OAuth2Error("the user's endpoint tells of somebody else")
            claims = {**told, **claims}
        login = self.get_provider().sociallogin_from_response(request, {"id_token": claims})
        login.claims = claims
        return login


class People(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """allauth's questions, answered by our rules: one provider from the environment, accounts by our action."""

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Provider:
        own = rules()
        app = SocialApp(
            provider="openid_connect", provider_id=provider_id(), name=own.name, client_id=own.client_id,
            secret=own.client_secret,
            settings={"server_url": own.issuer, "scope": list(own.scopes), "oauth_pkce_enabled": True},
        )  # fmt: skip
        return Provider(request, app=app)

    def get_requests_session(self) -> Any:
        return sign_on_transport.session(over_http=rules().over_http)

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """After the tokens are verified and before anybody is signed in: the nonce, then the account."""
        claims = sociallogin.claims
        nonce = sociallogin.state.get("nonce")
        if not nonce or claims.get("nonce") != nonce:
            raise ImmediateHttpResponse(
                failed(request, "The answer belongs to another sign-in. Start again.")
            )
        known = sociallogin.user if sociallogin.is_existing else None
        invited = invited_by_path(sociallogin.state.get("next") or "")
        user = single_sign_on.sign_in(_claims(claims), known=known, invited=invited)
        if known is None:
            sociallogin.connect(request, user)
        sociallogin.user = user
        user.backend = BACKEND

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Any = None,
        extra_context: Any = None,
    ) -> None:
        log.warning("A sign-on failed: %s %s", error, type(exception).__name__ if exception else "")
        raise ImmediateHttpResponse(failed(request, _why(error, exception, extra_context or {})))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False  # pre_social_login has opened the account, or refused

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """The audit trail tells."""


class Accounts(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """allauth's own pages and messages are not used."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Nothing is said of a sign-in that worked."""


def callback_address(request: HttpRequest) -> str:
    """Where the provider sends people back to: the public address if the operator named one, else the one asked."""
    return (settings.SIGN_ON_ADDRESS.rstrip("/") or f"{request.scheme}://{request.get_host()}") + CALLBACK


def verified(id_token: str, config: dict[str, Any]) -> dict[str, Any]:
    """The claims of an ID token whose signature, issuer, audience and times are right; OAuth2Error otherwise."""
    try:
        header = jwt.get_unverified_header(id_token)
        if header.get("alg") not in ALGORITHMS:
            raise OAuth2Error("the ID token is not signed by a key of the provider")
        claims: dict[str, Any] = jwt.decode(
            id_token,
            _key(header.get("kid"), config["jwks_uri"]),
            algorithms=[header["alg"]],
            audience=rules().client_id,
            issuer=config["issuer"],
            leeway=LEEWAY_SECONDS,
            options={"require": REQUIRED},
        )
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
        raise OAuth2Error(f"the ID token is not valid ({type(error).__name__})") from error
    if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != rules().client_id:
        raise OAuth2Error("the ID token was made for another client")
    return claims


def _key(kid: str | None, address: str) -> Any:
    keys = jwt.PyJWKSet.from_dict(_fetched(address)).keys
    chosen = [key for key in keys if key.key_id == kid] if kid else keys
    if len(chosen) != 1:
        raise OAuth2Error("the ID token is signed by a key that the provider does not publish")
    return chosen[0].key


def _fetched(address: str, *, bearer: str = "") -> dict[str, Any]:
    """A JSON object of the provider's."""
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    with sign_on_transport.session(over_http=rules().over_http) as asked:
        response = asked.get(address, headers={"Accept": "application/json", **headers})
    try:
        found = response.json() if response.status_code == 200 else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unavailable(
            f"{rules().name} does not answer as an identity provider does. Try again in a moment."
        )
    return found


def _claims(told: dict[str, Any]) -> single_sign_on.Claims:
    groups = told.get(rules().groups_claim) or []
    if isinstance(groups, str):
        groups = groups.replace(",", " ").split()
    if not isinstance(groups, list):
        raise Forbidden(f"The claim {rules().groups_claim} is no list of groups. Ask an administrator.")
    words = {
        name: str(told.get(name) or "")
        for name in ("email", "preferred_username", "given_name", "family_name")
    }
    return single_sign_on.Claims(
        subject=str(told["sub"]),
        email=words["email"][:254],
        email_verified=told.get("email_verified") in (True, "true"),
        username=words["preferred_username"],
        first_name=words["given_name"],
        last_name=words["family_name"],
        groups=frozenset(str(group) for group in groups),
    )


def _why(error: Any, exception: Any, context: dict[str, Any]) -> str:
    if getattr(error, "value", error) == "cancelled":
        return "The sign-in was cancelled."
    if exception is not None:
        return f"What {rules().name} answered could not be verified: {exception}."
    if context.get("state") is None:
        return "This sign-in was begun elsewhere, or took longer than ten minutes. Start again."
    return f"{rules().name} did not let you in."
