"""Who may ask for a prediction: the grant of a token, and the endpoint it reaches. `predict` calls both."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from functools import lru_cache

from mlregistry.errors import Forbidden, NotFound, Unauthenticated
from serving.hotpath.snapshot import Address, Endpoint, Grant, Snapshot, token_digest

SCOPE = "predict"


def authorise(headers: Mapping[str, str], snapshot: Snapshot, *, now: float) -> Grant:
    """The grant of the request's token: Bearer, or Basic with the token as password.

    Raises Unauthenticated without a valid token, Forbidden without the predict scope.
    """
    grant = snapshot.tokens.get(_digest(headers.get("authorization", "")))
    if grant is None:
        raise Unauthenticated("This token is not valid. Make a new one under “API tokens”.")
    if grant.expires_at is not None and grant.expires_at <= now:
        raise Unauthenticated("This token has expired. Make a new one under “API tokens”.")
    if SCOPE not in grant.scopes:
        raise Forbidden("This token may not ask for predictions: it lacks the scope “predict”.")
    return grant


@lru_cache(maxsize=1024)
def _digest(authorization: str) -> str:
    """Of the token in the header's value. Remembering it lets nobody in: each time the snapshot in force is asked."""
    scheme, _, value = authorization.strip().partition(" ")
    token = value.strip()
    if scheme.lower() == "bearer" and token:
        return token_digest(token)
    if scheme.lower() == "basic":
        return token_digest(_password(token))
    raise Unauthenticated("Send a token: “Authorization: Bearer <token>”.")


def _password(value: str) -> str:
    try:
        text = base64.b64decode(value, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise Unauthenticated("The Basic credentials cannot be decoded.") from None
    return text.partition(":")[2]


def endpoint_at(address: Address, grant: Grant, snapshot: Snapshot) -> Endpoint:
    """The endpoint at an address. One of another team is not found, as if it did not exist."""
    team = grant.default_team if address.team is None else address.team
    endpoint = snapshot.endpoints.get((team, address.name)) if team in grant.teams else None
    if endpoint is None or not endpoint.enabled:
        raise NotFound(f"There is no endpoint “{address.name}” in this team.")
    return endpoint
