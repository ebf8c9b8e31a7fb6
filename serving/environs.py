"""What the doors for predictions read in a WSGI environment, and what one of them leaves there for the next."""

from typing import Any

from serving import load_marks

Environ = dict[str, Any]
ASKED = "mlregistry.asked_at_once"  # the routing in memory was asked and does not know the answer
KEYS = [
    ("CONTENT_TYPE", "content-type"),
    *(
        (f"HTTP_{name.upper().replace('-', '_')}", name)
        for name in (
            "authorization", "content-encoding", "inference-header-content-length", "x-unit-id", "x-request-id",
            load_marks.HEADER,
        )
    ),
]  # fmt: skip


def read_headers(environ: Environ) -> dict[str, str]:
    """Those that the prediction path reads and that were sent, by their names in lower case."""
    return {name: value for key, name in KEYS if (value := environ.get(key))}
