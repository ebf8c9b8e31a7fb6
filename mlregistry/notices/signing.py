"""Signatures of webhooks by the Standard Webhooks specification 1.0. Called by posting and by actions on channels.

HMAC-SHA256 over id, time and body, joined by dots; several signatures stand side by side while a secret is rotated.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

MARK = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    """The mark and 256 random bits in base64."""
    return MARK + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def signed_headers(keys: Sequence[str], *, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers; one signature for each secret."""
    made = (
        signature(base64.b64decode(key.removeprefix(MARK)), message_id, str(timestamp), body) for key in keys
    )
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(made),
    }


def signature(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    """Such as v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="""
    signed = b".".join([message_id.encode(), timestamp.encode(), body])
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode('ascii')}"
