"""Sets the security headers of every answer; the first middleware of settings.MIDDLEWARE."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

# The hash of nothing: Plotly makes an empty style element and fills it through the object model.
EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        f"style-src 'self' {EMPTY_STYLE}",
        "script-src 'self'",
        "connect-src 'self'",
        "font-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
FRAMES = ("x-frame-options", ("X-Frame-Options", "DENY"))
_STORED = [(name.lower(), (name, value)) for name, value in HEADERS.items()]


class SecurityHeaders:
    """Adds each header that the view did not set itself; what may stand in a frame says so as Django has it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        # As headers.setdefault does, which looks through the letters of these constants each time.
        store = response.headers._store
        for key, pair in _STORED:
            store.setdefault(key, pair)
        if not getattr(response, "xframe_options_exempt", False):
            store.setdefault(*FRAMES)
        return response
