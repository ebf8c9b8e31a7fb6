"""An HTTP API that answers with JSON, page after page, as one table of its records."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin

from mlregistry.errors import Invalid, TooLarge, Unavailable
from mlregistry.ml import json_path

from .protocol import Ask, Fetched, Setting, number
from .web_requests import CREDENTIALS, check_address, get, same_origin, with_query

PAGING = ("none", "page", "offset", "cursor", "link", "next")
LARGEST_PAGE = 32 * 1024 * 1024
DEEPEST = 8
NEXT = re.compile(r"""<([^>]+)>\s*;[^,]*\brel\s*=\s*"?next"?""")


class HttpApi:
    name = "api"
    title = "HTTP API"
    text = "Records of a JSON API, with authentication and paging."
    settings = (
        Setting(
            "url", "URL", "Of the first page.", required=True, placeholder="https://api.example.org/v1/orders"
        ),
        Setting(
            "records", "Path to the records", "Such as data.items; empty: the answer itself is the list."
        ),
        *CREDENTIALS,
        Setting(
            "paging",
            "Paging",
            "How the next page is asked: by number, offset, a cursor of the answer, a Link header, a URL.",
            choices=PAGING,
        ),
        Setting(
            "page_parameter", "Parameter of the page", "The query’s parameter for number, offset or cursor."
        ),
        Setting("first_page", "First page", "Its number; 1 when empty."),
        Setting("size_parameter", "Parameter of the size", "The query’s parameter for rows a page."),
        Setting("page_size", "Rows a page", "100 when empty."),
        Setting(
            "next_path",
            "Path to the next",
            "Where the answer holds the next cursor or URL, such as meta.next.",
        ),
        Setting("max_pages", "Most pages", "1,000 when empty."),
        Setting(
            "cursor_column",
            "Column that grows",
            "Then only rows after its largest value are asked, and appended.",
        ),
        Setting("since_parameter", "Parameter of the start", "The query’s parameter that takes that value."),
    )

    def check(self, config: Mapping[str, str]) -> None:
        check_address(config)
        json_path.steps(config.get("records", ""))
        json_path.steps(config.get("next_path", ""), field="next_path")
        number(config, "page_size", 100, lowest=1, highest=100_000)
        number(config, "max_pages", 1_000, lowest=1, highest=10_000)
        number(config, "first_page", 1, lowest=0, highest=1)
        paging = config.get("paging", "none")
        if paging in ("page", "offset", "cursor") and not config.get("page_parameter"):
            raise Invalid("This paging needs the parameter of the page.", field="page_parameter")
        if paging in ("cursor", "next") and not config.get("next_path"):
            raise Invalid("This paging needs the path to the next.", field="next_path")
        if bool(config.get("cursor_column")) != bool(config.get("since_parameter")):
            raise Invalid(
                "A column that grows needs the parameter of the start, and the other way round.",
                field="since_parameter",
            )

    def fetch(self, ask: Ask) -> Fetched:
        file = ask.into / "records.jsonl"
        n_rows = n_bytes = 0
        with file.open("w", encoding="utf-8") as lines:
            for n_pages, rows in enumerate(_pages(ask), start=1):
                for row in rows:
                    line = json.dumps(flat(row), allow_nan=False, ensure_ascii=False) + "\n"
                    n_rows, n_bytes = n_rows + 1, n_bytes + len(line)
                    lines.write(line)
                if n_rows > ask.limits.max_rows or n_bytes > ask.limits.max_bytes:
                    raise TooLarge(
                        f"The API answered with more than {n_rows:,} rows or {n_bytes:,} bytes, over the limit."
                    )
                ask.report(0.0, f"{n_pages:,} pages, {n_rows:,} rows")
                if ask.n_rows is not None and n_rows >= ask.n_rows:
                    break
        column = ask.config.get("cursor_column", "")
        if not n_rows and ask.since:
            return Fetched(None, "", ask.since)
        return Fetched(file, "records.jsonl", ask.since, appends=bool(column), cursor_column=column)


def flat(row: Mapping[str, Any], prefix: str = "", depth: int = 0) -> dict[str, Any]:
    """Objects inside as `outer.inner`, lists as their JSON."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        key = f"{prefix}{name}"
        if isinstance(value, Mapping) and depth < DEEPEST:
            found |= flat(value, f"{key}.", depth + 1)
        elif isinstance(value, list | Mapping):
            found[key] = json.dumps(value, ensure_ascii=False)
        else:
            found[key] = value
    return found


def _pages(ask: Ask) -> Iterator[list[dict[str, Any]]]:
    most = min(number(ask.config, "max_pages", 1_000, lowest=1, highest=10_000), ask.limits.max_pages)
    url: str | None = _first(ask)
    seen: set[bytes] = set()
    for n in range(most):
        if url is None:
            return
        answer = get(ask, url, headers={"Accept": "application/json"}, max_bytes=LARGEST_PAGE)
        digest = hashlib.sha256(answer.body).digest()
        document = _json(answer.body)
        rows = json_path.records(document, ask.config.get("records", ""))
        if digest in seen and rows:
            raise Unavailable(
                f"The API answered page {n + 1:,} with the same as before; its paging does not end."
            )
        seen.add(digest)
        yield rows
        url = _next(ask, url, answer.headers, document, n + 1, len(rows))
    if url is not None and ask.n_rows is None:
        raise TooLarge(
            f"The API has more than {most:,} pages; raise the most pages, or its page size.",
            field="max_pages",
        )


def _first(ask: Ask) -> str:
    config = ask.config
    values: dict[str, str] = {}
    if config.get("paging", "none") == "page":
        values[config["page_parameter"]] = config.get("first_page") or "1"
    if config.get("paging") == "offset":
        values[config["page_parameter"]] = "0"
    if config.get("size_parameter"):
        values[config["size_parameter"]] = config.get("page_size") or "100"
    if config.get("since_parameter") and ask.since.get("value") is not None:
        values[config["since_parameter"]] = str(ask.since["value"])
    return with_query(config["url"], values) if values else config["url"]


def _next(
    ask: Ask, url: str, headers: Mapping[str, str], document: Any, n_pages: int, n_rows: int
) -> str | None:
    config = ask.config
    paging = config.get("paging", "none")
    if paging == "none" or (not n_rows and paging in ("page", "offset")):
        return None
    if paging == "page":
        return with_query(url, {config["page_parameter"]: str(int(config.get("first_page") or 1) + n_pages)})
    if paging == "offset":
        size = (
            number(config, "page_size", 100, lowest=1, highest=100_000)
            if config.get("size_parameter")
            else n_rows
        )
        return with_query(url, {config["page_parameter"]: str(size * n_pages)})
    if paging == "link":
        found = NEXT.search(headers.get("link", ""))
        following = found[1] if found else None
    else:
        following = _at(document, config["next_path"])
    if not following:
        return None
    if paging == "cursor":
        return with_query(url, {config["page_parameter"]: str(following)[:2000]})
    address = urljoin(url, str(following)[:8000])
    if not same_origin(address, config["url"]):
        raise Unavailable("The API names a next page on another host; it is not asked.")
    return address


def _at(document: Any, path: str) -> Any:
    try:
        return json_path.follow(document, path, field="next_path")
    except Invalid:
        return None


def _json(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=lambda word: None)
    except (ValueError, RecursionError) as error:
        raise Unavailable("The API answered with something that is no JSON.") from error
