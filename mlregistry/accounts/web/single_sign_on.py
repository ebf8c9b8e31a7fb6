"""The three addresses of single sign-on: begin, come back, and sign out at the provider too.

`web.urls` mounts them where MLREGISTRY_OIDC_ISSUER is set; allauth's own pages are not mounted.
"""

import secrets
from typing import Any
from urllib.parse import urlencode

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from requests.exceptions import RequestException  # noqa: TID251 - what allauth lets through

from mlregistry.accounts.actions.single_sign_on import rules_in_force as rules
from mlregistry.accounts.sign_on_protocol import CALLBACK, Adapter, callback_address, provider_id
from mlregistry.accounts.web.public import public
from mlregistry.accounts.web.sign_on_pages import failed
from mlregistry.errors import MlregistryError


@never_cache
@require_GET
@public
def start(request: HttpRequest) -> HttpResponse:
    """To the provider, with a state, a nonce and a PKCE challenge that only this browser's session knows."""
    after = _safe_next(request)
    if request.user.is_authenticated:
        return HttpResponseRedirect(after)
    nonce = secrets.token_urlsafe(24)

    def begin() -> HttpResponse:
        provider = get_adapter(request).get_provider(request, provider_id())
        answer: HttpResponse = provider.redirect(
            request, "login", next_url=after, auth_params={"nonce": nonce}, nonce=nonce
        )
        return answer

    return _told(request, begin)


@never_cache
@require_GET
@public
def callback(request: HttpRequest) -> HttpResponse:
    """Back from the provider: the code is exchanged, the tokens verified, the person signed in."""
    view = OAuth2CallbackView.adapter_view(Adapter(request, provider_id()))
    return _told(request, lambda: view(request))


@never_cache
@require_GET
@public
def sign_out(request: HttpRequest) -> HttpResponse:
    """To the provider's own page for signing out, if it has one."""

    def leave() -> HttpResponse:
        address = Adapter(request, provider_id()).openid_config.get("end_session_endpoint")
        if not address:
            return failed(
                request, f"{rules().name} has no page for signing out. Close the browser instead.", status=404
            )
        back = callback_address(request).removesuffix(CALLBACK) + "/login/"
        query = urlencode({"client_id": rules().client_id, "post_logout_redirect_uri": back})
        return HttpResponseRedirect(f"{address}{'&' if '?' in address else '?'}{query}")

    return _told(request, leave)


def _told(request: HttpRequest, act: Any) -> HttpResponse:
    """Every way in which a provider can fail is a page, and none an error of the server."""
    try:
        answer: HttpResponse = act()
        return answer
    except ImmediateHttpResponse as answered:
        refused: HttpResponse = answered.response
        return refused
    except MlregistryError as error:
        return failed(request, error.message, status=error.status)
    except (OAuth2Error, RequestException) as error:
        return failed(request, f"{rules().name} did not answer as expected: {error}.", status=502)


def _safe_next(request: HttpRequest) -> str:
    after = request.GET.get("next", "/")
    secure = request.is_secure()
    return (
        after if url_has_allowed_host_and_scheme(after, {request.get_host()}, require_https=secure) else "/"
    )


urlpatterns: list[URLPattern] = [
    path("login/sso/", start, name="sso"),
    path("login/sso/callback/", callback, name="sso-callback"),
    path("login/sso/out/", sign_out, name="sso-out"),
]
