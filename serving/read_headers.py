"""The headers that the prediction path reads, from a WSGI environment. Both prediction doors call it."""

from typing import Any

from serving import load_marks

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


def read_headers(environ: dict[str, Any]) -> dict[str, str]:
    """Those that were sent, by their names in lower case."""
    return {name: environ[key] for key, name in KEYS if environ.get(key)}
