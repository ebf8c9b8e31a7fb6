"""The table of a web page, where its robots.txt allows and not faster than once a second a host."""

from __future__ import annotations

import csv
import fcntl
import hashlib
import os
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

from django.conf import settings

from mlregistry import outgoing
from mlregistry.errors import Invalid, Unavailable
from mlregistry.ml import encodings

from . import html_tables
from .protocol import Ask, Fetched, Setting
from .web_requests import check_address, get

AGENT = "mlregistry"
LARGEST_PAGE = 20 * 1024 * 1024
LARGEST_ROBOTS = 500_000
PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0


class WebPage:
    name = "page"
    title = "Table of a web page"
    text = "One of the tables of an HTML page; robots.txt is honoured."
    settings = (
        Setting("url", "URL", required=True, placeholder="https://example.org/statistics"),
        Setting(
            "table", "Table", "Its number from 1 on, or a part of its caption or heading; empty: the largest."
        ),
        Setting("decimal", "Decimal sign", "Of numbers in text.", choices=("", ".", ",")),
    )

    def check(self, config: Mapping[str, str]) -> None:
        check_address(config)

    def fetch(self, ask: Ask) -> Fetched:
        pause = _allowed(ask)
        _wait_turn(urlsplit(ask.config["url"]).hostname or "", pause, ask)
        page = ask.into / "page.html"
        ask.report(0.0, "Reading the page")
        answer = get(
            ask, ask.config["url"], headers={"Accept": "text/html"}, into=page, max_bytes=LARGEST_PAGE
        )
        tables = html_tables.read(_text(page, answer.headers.get("content-type", ""), ask.into))
        rows = html_tables.filled(html_tables.choose(tables, ask.config.get("table", "")))
        file = ask.into / "table.csv"
        with file.open("w", encoding="utf-8", newline="") as target:
            csv.writer(target, lineterminator="\n").writerows(rows)
        return Fetched(file, "table.csv")


def _allowed(ask: Ask) -> float:
    """Seconds between two requests; Invalid when robots.txt forbids the page, Unavailable when it cannot be known."""
    parts = urlsplit(ask.config["url"])
    address = f"{parts.scheme}://{parts.netloc}/robots.txt"
    answer = outgoing.request(
        "GET",
        address,
        allow_http=True,
        timeout_seconds=min(15.0, ask.seconds_left()),
        max_bytes=LARGEST_ROBOTS,
        cut=True,
    )
    if answer.status >= 500 or answer.status == 429:
        raise Unavailable(f"{parts.hostname} does not answer for its robots.txt (status {answer.status}).")
    if answer.status != 200:
        return PAUSE_SECONDS
    robots = RobotFileParser()
    robots.parse(answer.body.decode("utf-8", "replace").splitlines())
    if not robots.can_fetch(AGENT, ask.config["url"]):
        raise Invalid(f"The robots.txt of {parts.hostname} does not allow this page to be read.", field="url")
    delay = robots.crawl_delay(AGENT)
    return min(LONGEST_PAUSE_SECONDS, max(PAUSE_SECONDS, float(delay or 0)))


def _wait_turn(host: str, pause: float, ask: Ask) -> None:
    """Sleep until the host was last asked `pause` seconds ago; processes of this machine take turns."""
    folder = Path(settings.MLREGISTRY_HOME) / "cache" / "hosts"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / hashlib.sha256(host.encode()).hexdigest()).open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        last = os.fstat(file.fileno())
        wait = pause - (time.time() - last.st_mtime) if last.st_size else 0.0
        if wait > 0:
            time.sleep(min(wait, ask.seconds_left()))
        file.truncate(0)
        file.write("asked")


def _text(page: Path, content_type: str, folder: Path) -> str:
    charset = content_type.partition("charset=")[2].strip(" \"'").partition(";")[0]
    path, _ = encodings.as_utf8(page, folder, encoding=charset if _is_known(charset) else "")
    return path.read_text(encoding="utf-8-sig")


def _is_known(charset: str) -> bool:
    return charset.lower().replace("iso-8859-1", "latin-1") in {"utf-8", *encodings.KNOWN}
