"""How botocore's requests leave the server: it signs them, mlregistry.outgoing sends them. Called by the kind `bucket`.

So each of them goes to an address that was looked up and checked for it alone.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from django.conf import settings

from mlregistry import outgoing
from mlregistry.errors import Unavailable
from mlregistry.lib.lazily import lazily

from .protocol import Ask

boto3, botocore, awsrequest = lazily("boto3"), lazily("botocore"), lazily("botocore.awsrequest")
config_of = lazily("botocore.config")
LARGEST_LISTING = 20_000_000
LOOPBACK = ("127.0.0.1", "localhost")


class Store:
    """A client of the bucket's store whose every request goes through mlregistry.outgoing."""

    def __init__(self, ask: Ask, endpoint: str) -> None:
        self._ask = ask
        self._into: IO[bytes] | None = None
        self.client = _client(ask, endpoint)
        self.client.meta.events.register("before-send.s3", self._send)

    def download(self, key: str, etag: str, file: Path) -> None:
        """The object as it was listed, straight into the file."""
        with file.open("wb") as target, self._pouring(target):
            self.client.get_object(Bucket=self._ask.config["bucket"], Key=key, IfMatch=etag)

    @contextlib.contextmanager
    def _pouring(self, target: IO[bytes]) -> Iterator[None]:
        self._into = target
        try:
            yield
        finally:
            self._into = None

    def _send(self, request: Any, **event: Any) -> Any:
        """What botocore takes for the answer, so that it sends nothing itself. Redirects are told, not followed."""
        answer = outgoing.request(
            request.method,
            request.url,
            headers={name: _text(value) for name, value in request.headers.items()},
            body=request.body or None,
            timeout_seconds=self._ask.seconds_left(),
            max_bytes=self._ask.limits.max_bytes if self._into else LARGEST_LISTING,
            allow_http=may_be_plain(request.url),
            redirects=0,
            into=self._into,
        )
        if answer.status in outgoing.REDIRECTS:
            raise Unavailable(_elsewhere(answer))
        return awsrequest.AWSResponse(request.url, answer.status, dict(answer.headers), _Body(answer.body))


def _elsewhere(answer: outgoing.Answer) -> str:
    region = answer.headers.get("x-amz-bucket-region", "")
    if region.replace("-", "").isalnum():
        return f"The bucket lies in the region {region[:40]}; set it."
    return (
        f"The store redirects elsewhere (status {answer.status}); set the bucket's own endpoint and region."
    )


class _Body(io.BytesIO):
    def stream(self, **options: Any) -> Iterator[bytes]:
        """As botocore reads an answer."""
        yield self.read()


def may_be_plain(url: str) -> bool:
    """Whether http:// will do: on this very machine, or where the operator says so."""
    return settings.SOURCES_OVER_HTTP or urlsplit(url).hostname in LOOPBACK


def _client(ask: Ask, endpoint: str) -> Any:
    signed = bool(ask.config.get("access_key"))
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=ask.config.get("region") or "us-east-1",
        aws_access_key_id=ask.config.get("access_key") if signed else "none",
        aws_secret_access_key=ask.secrets.get("secret", "") if signed else "none",
        config=config_of.Config(
            retries={"max_attempts": 2},
            s3={"addressing_style": "path"},
            signature_version="s3v4" if signed else botocore.UNSIGNED,
            response_checksum_validation="when_required",
        ),
    )


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
