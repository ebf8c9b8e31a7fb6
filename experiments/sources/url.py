"""A file by its URL: asked again only when it has changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from mlregistry.artifacts.paths import basename
from mlregistry.ml import file_types, reading, unpacking

from .protocol import READING, Ask, Fetched, Setting
from .web_requests import CREDENTIALS, check_address, get

TYPES = {
    "text/csv": ".csv", "text/tab-separated-values": ".tsv", "application/json": ".json",
    "application/x-ndjson": ".jsonl", "application/vnd.apache.parquet": ".parquet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx", "application/vnd.ms-excel": ".xls",
}  # fmt: skip


class Url:
    name = "url"
    title = "File by URL"
    text = "CSV, Excel, Parquet or JSON, also compressed, from a web address."
    settings = (
        Setting(
            "url",
            "URL",
            "Asked by this server; private addresses only when its operator allows them.",
            required=True,
            placeholder="https://example.org/data.csv",
        ),
        Setting("filename", "File name", "When the URL does not end in one, such as table.csv.gz."),
        *CREDENTIALS,
        *READING,
    )

    def check(self, config: Mapping[str, str]) -> None:
        check_address(config)
        reading.parse(config)

    def fetch(self, ask: Ask) -> Fetched:
        known = {"If-None-Match": ask.since.get("etag"), "If-Modified-Since": ask.since.get("modified")}
        file = ask.into / "download"
        ask.report(0.0, "Downloading")
        headers = {name: value for name, value in known.items() if value}
        answer = get(ask, ask.config["url"], headers=headers, into=file)
        if answer.status == 304:
            return Fetched(None, "", ask.since)
        name = _filename(ask.config, answer.headers)
        return Fetched(file, name, _marks(answer.headers), reading.parse(ask.config))


def _filename(config: Mapping[str, str], headers: Mapping[str, str]) -> str:
    if config.get("filename"):
        return basename(config["filename"])
    name = basename(unquote(urlsplit(config["url"]).path), fallback="table")
    known = PurePosixPath(name).suffix.lower() in file_types.FORMATS or unpacking.is_packed(name)
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    return name if known else name + TYPES.get(content_type, "")


def _marks(headers: Mapping[str, str]) -> dict[str, Any]:
    marks = {"etag": headers.get("etag"), "modified": headers.get("last-modified")}
    return {name: value[:500] for name, value in marks.items() if value}
