"""Secrets that people carry (tokens, invitation links): how they are made and what of them is stored."""

import hashlib
import secrets

TOKEN_MARK = "mlr_"  # noqa: S105 - what a secret begins with, so that scanners recognise it
SHOWN_LETTERS = 12
SHORTEST_TOKEN = 16


def new_token() -> str:
    """A mark and 256 random bits."""
    return TOKEN_MARK + secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """SHA-256, the only form in which a secret is stored; 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def shown_prefix(secret: str) -> str:
    """What lists show of a token; a secret chosen by the operator shows less of itself."""
    return secret[:SHOWN_LETTERS] if secret.startswith(TOKEN_MARK) else secret[:3]
