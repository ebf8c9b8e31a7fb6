"""One request to an endpoint in the languages that people paste it into. For its page.

The values stand in the snippets as JSON, so that no quoting of a shell or of a language can break them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pprint import pformat
from typing import Any


@dataclass(frozen=True)
class Snippet:
    key: str
    title: str
    text: str


def of(address: str, body: Mapping[str, Any]) -> list[Snippet]:
    """`address` is the endpoint's, without /invocations. All read the API token from TOKEN."""
    url = f"{address}/invocations"
    return [
        Snippet("curl", "curl", _curl(url, body)),
        Snippet("python", "Python", _python(url, body)),
        Snippet("javascript", "JavaScript", _javascript(url, body)),
    ]


def _curl(url: str, body: Mapping[str, Any]) -> str:
    text = json.dumps(body, ensure_ascii=False).replace("'", r"'\''")
    return f"""curl '{url}' \\
  -H "Authorization: Bearer $TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{text}'"""


def _python(url: str, body: Mapping[str, Any]) -> str:
    """Nothing to install: the standard library."""
    return f"""import json, os
from urllib.request import Request, urlopen

body = {pformat(body, width=100, sort_dicts=False)}
headers = {{"Authorization": "Bearer " + os.environ["TOKEN"], "Content-Type": "application/json"}}
with urlopen(Request("{url}", json.dumps(body).encode(), headers)) as answer:
    print(json.load(answer))"""


def _javascript(url: str, body: Mapping[str, Any]) -> str:
    """For Node from 18 on, and for the console of a browser on a page of this server."""
    return f"""const token = globalThis.process?.env.TOKEN ?? prompt("API token");
fetch("{url}", {{
  method: "POST",
  headers: {{ Authorization: `Bearer ${{token}}`, "Content-Type": "application/json" }},
  body: JSON.stringify({json.dumps(body, ensure_ascii=False)}),
}}).then((answer) => answer.json()).then((found) => console.log(JSON.stringify(found)));"""
