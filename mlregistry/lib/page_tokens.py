"""Page tokens: where a list goes on, sealed so that only the same query can use it. Called by the searches."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from typing import Any

from mlregistry.errors import Invalid

LONGEST_TOKEN = 10_000
MAC_BYTES = 16
_ALPHABET = re.compile(r"[A-Za-z0-9_-]+")


def seal(values: list[Any], *, query: Any, key: bytes) -> str:
    """The values (JSON) as one word of text that `opened` takes back for the same query."""
    body = json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    token = _encoded(_mac(body, query, key) + body)
    if len(token) > LONGEST_TOKEN:
        message = "The values at the end of this page are too long to continue from. Order by another field."
        raise Invalid(message, field="order_by")
    return token


def opened(token: str, *, query: Any, key: bytes) -> list[Any]:
    """The values in the token; Invalid when it is malformed, changed, or made for another query."""
    if len(token) > LONGEST_TOKEN or not _ALPHABET.fullmatch(token):
        raise _refused("could not base64-decode it as one that this server wrote")
    try:
        data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError) as error:
        raise _refused("could not base64-decode it as one that this server wrote") from error
    if _encoded(data) != token or len(data) <= MAC_BYTES:
        raise _refused("could not base64-decode it as one that this server wrote")
    mac, body = data[:MAC_BYTES], data[MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(body, query, key)):
        raise _refused("it was changed, or belongs to another filter, order or list")
    values: list[Any] = json.loads(body.decode("utf-8", "surrogatepass"))
    return values


def _mac(body: bytes, query: Any, key: bytes) -> bytes:
    fingerprint = hashlib.sha256(json.dumps(query, sort_keys=True).encode()).digest()
    return hmac.new(key, b"page-token\0" + fingerprint + body, hashlib.sha256).digest()[:MAC_BYTES]


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _refused(why: str) -> Invalid:
    message = f"Invalid page token, {why}. Start again without a page token, or repeat the same request."
    return Invalid(message, field="page_token")
