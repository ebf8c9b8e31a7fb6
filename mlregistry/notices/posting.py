"""Posts JSON to an address of the outside and judges the answer. Called by channels and by the registry's webhooks."""

from urllib.parse import urlsplit

from django.conf import settings

from mlregistry import outgoing
from mlregistry.errors import Invalid, MlregistryError, Unavailable
from mlregistry.lib.names import clean_text
from mlregistry.outgoing import Answer

TIMEOUT_SECONDS = 15.0
MOST_BYTES = 10_000
TOO_MANY = 429
LONGEST_URL = 2000


def post_json(url: str, body: bytes, *, headers: dict[str, str]) -> Answer:
    """The receiver's answer, whatever it is; its body cut to 10,000 bytes. Redirects are not followed."""
    return outgoing.request(
        "POST",
        url,
        headers={"Content-Type": "application/json", **headers},
        body=body,
        timeout_seconds=TIMEOUT_SECONDS,
        max_bytes=MOST_BYTES,
        cut=True,
        allow_http=settings.WEBHOOKS_OVER_HTTP,
    )


def failure_of(url: str, answer: Answer) -> MlregistryError | None:
    """None when the receiver took it; the address is not named, for it may hold a token.

    Unavailable when a later attempt may succeed, Invalid when it would fail the same way.
    """
    if 200 <= answer.status < 300:
        return None
    host = urlsplit(url).hostname
    if answer.status == TOO_MANY or answer.status >= 500:
        return Unavailable(f"{host} answered {answer.status}.")
    if 300 <= answer.status < 400:
        return Invalid(f"{host} answered {answer.status}; webhooks do not follow redirects.")
    return Invalid(f"{host} refused it with {answer.status}.")


def checked_url(url: str) -> str:
    """The URL, if it may be posted to now. Raises Invalid for the field url."""
    url = clean_text(url, field="url", max_length=LONGEST_URL).strip()
    if not url:
        raise Invalid("Webhook URL cannot be empty or just whitespace.", field="url")
    schemes = ("https:", "http:") if settings.WEBHOOKS_OVER_HTTP else ("https:",)
    try:
        outgoing.check_url(url, allow_http=settings.WEBHOOKS_OVER_HTTP)
    except (Invalid, Unavailable) as error:  # what cannot be found now was probably mistyped
        what = "" if url.lower().startswith(schemes) else " scheme"
        raise Invalid(f"Invalid webhook URL{what}: {error.message}", field="url") from error
    return url
