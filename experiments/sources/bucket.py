"""Files under a prefix of an S3 bucket; only objects that are new or changed are fetched. Needs the extra `buckets`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mlregistry import outgoing
from mlregistry.artifacts.paths import basename
from mlregistry.errors import Invalid, TooLarge, Unavailable
from mlregistry.lib.lazily import lazily
from mlregistry.ml import reading, tables
from mlregistry.ml.table_info import Limits as TableLimits

from .bucket_requests import Store, may_be_plain
from .protocol import READING, Ask, Fetched, Setting

exceptions = lazily("botocore.exceptions")
MOST_OBJECTS = 10_000


class Bucket:
    name = "bucket"
    title = "Files of a bucket"
    text = "Every table under a prefix of an S3 bucket; new objects are appended."
    settings = (
        Setting("bucket", "Bucket", required=True),
        Setting("prefix", "Prefix", "Such as exports/2024/; empty: the whole bucket."),
        Setting(
            "endpoint", "Endpoint", "Empty: Amazon S3. Otherwise the https:// address of a compatible store."
        ),
        Setting("region", "Region", placeholder="eu-central-1"),
        Setting("access_key", "Access key", "Empty: an open bucket."),
        Setting("secret", "Secret key", "Kept encrypted and never shown again.", secret=True),
        *READING,
    )

    def check(self, config: Mapping[str, str]) -> None:
        reading.parse(config)
        if not config["bucket"].replace("-", "").replace(".", "").replace("_", "").isalnum():
            raise Invalid("A bucket's name has letters, digits, dots and dashes.", field="bucket")
        region = config.get("region", "")
        if region and not region.replace("-", "").isalnum():
            raise Invalid("A region's name has letters, digits and dashes.", field="region")

    def fetch(self, ask: Ask) -> Fetched:
        known = dict(ask.since.get("objects") or {})
        try:
            store = _store(ask)
            new = [entry for entry in _objects(store, ask) if known.get(entry["Key"]) != entry["ETag"]]
            if not new:
                return Fetched(None, "", ask.since)
            file = _joined(store, new[:1] if ask.n_rows else new, ask)
        except (exceptions.BotoCoreError, exceptions.ClientError) as error:
            raise Unavailable(
                f"The bucket {ask.config['bucket']} cannot be read: {_reason(error)}"
            ) from error
        objects = known | {entry["Key"]: entry["ETag"] for entry in new}
        return Fetched(file, "objects.parquet", {"objects": objects}, appends=True)


def _store(ask: Ask) -> Store:
    """Asked at an address that mlregistry.outgoing lets through, which it looks at again for every request."""
    endpoint = (
        ask.config.get("endpoint") or f"https://s3.{ask.config.get('region') or 'us-east-1'}.amazonaws.com"
    )
    outgoing.check_url(endpoint, allow_http=may_be_plain(endpoint))
    return Store(ask, endpoint)


def _objects(store: Store, ask: Ask) -> Iterator[dict[str, Any]]:
    n_objects = n_bytes = 0
    pages = store.client.get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=ask.config["bucket"], Prefix=ask.config.get("prefix", "")):
        ask.seconds_left()
        for entry in page.get("Contents", []):
            if entry["Key"].endswith("/") or not entry["Size"]:
                continue
            n_objects, n_bytes = n_objects + 1, n_bytes + entry["Size"]
            if n_objects > MOST_OBJECTS or n_bytes > ask.limits.max_bytes:
                raise TooLarge(
                    "There is more under the prefix than one refresh may fetch; narrow the prefix.",
                    field="prefix",
                )
            yield entry


def _joined(store: Store, new: list[dict[str, Any]], ask: Ask) -> Path:
    """Each object checked as a table of its own, then all as one file."""
    how = reading.parse(ask.config)
    parts = []
    limits = TableLimits(max_bytes=ask.limits.max_bytes)
    for place, entry in enumerate(new):
        ask.report(place / len(new), f"{place:,} of {len(new):,} objects")
        ask.seconds_left()
        file = ask.into / f"object-{place}"
        store.download(entry["Key"], entry["ETag"], file)
        part = ask.into / f"object-{place}.parquet"
        try:
            tables.convert(file, basename(entry["Key"]), part, limits=limits, reading=how)
        except Invalid as error:
            raise Invalid(f"The object {entry['Key'][:200]!r}: {error.message}", field="prefix") from error
        file.unlink()
        parts.append(part)
    if len(parts) == 1:
        return parts[0]
    tables.join(parts, ask.into / "objects.parquet", limits=limits)
    return ask.into / "objects.parquet"


def _reason(error: Any) -> str:
    code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
    if code in ("PreconditionFailed", "412"):
        return "an object was changed while it was read; refresh again"
    return json.dumps(code) if code else type(error).__name__
