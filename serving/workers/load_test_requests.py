"""The requests of a load test as bytes: rows, token, mark, unit. `serving.workers.load_tests` sends them."""

import http.client
import json
import ssl
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
from django.conf import settings

from mlregistry.errors import Invalid, Unavailable
from mlregistry.loadtests.plans import Target
from mlregistry.loadtests.rows import generated
from models_app.models import ModelVersion
from models_app.queries.model_tests import form_alone
from serving.hotpath.split import Layout, bucket_of
from serving.load_marks import HEADER, Mark, sign
from serving.models import Endpoint, LoadTest
from serving.queries.load_tests import MOST_REPLAYED, logged_rows

FEWEST_LOGGED = 20
SEED = 1
N_UNITS = 8
MOST_TRIES = 400_000
PORTS = {"http": 80, "https": 443}
ANSWER_SECONDS = 30


def rows_of(test: LoadTest) -> tuple[str, list[dict[str, Any]]]:
    """Where they come from (log or generated), and the rows."""
    wanted = test.declared["rows"]
    logged = logged_rows(test.endpoint) if wanted != "generated" else []
    if wanted == "log" and not logged:
        raise Invalid(
            "The prediction log holds no rows of this endpoint; choose generated ones.", field="rows"
        )
    if logged and (wanted == "log" or len(logged) >= FEWEST_LOGGED):
        return "log", logged
    version = test.version
    if not version.served_signature:
        raise Invalid(
            f"{version} has no signature, so no rows can be made up; choose logged ones.", field="rows"
        )
    return "generated", generated(
        _signature(version), version.input_example or [], n=MOST_REPLAYED, seed=SEED
    )


def _signature(version: ModelVersion) -> dict[str, Any]:
    """Of a version from outside, which only says that gaps may be allowed, columns have gaps where its example has."""
    found = version.served_signature
    if form_alone(version) is None:
        return found
    gaps = {name for row in version.input_example or [] for name, value in row.items() if value is None}
    return {**found, "inputs": [{**one, "required": one["name"] not in gaps} for one in found["inputs"]]}


def target_of(test: LoadTest, rows: list[dict[str, Any]], *, token: str, until: float) -> Target:
    """This server's own address, and whole requests for it."""
    place = urlsplit(settings.TRACKING_URL)
    endpoint, team = test.endpoint, test.endpoint.team.slug
    path = f"{place.path.rstrip('/')}/t/{team}/api/v1/endpoints/{quote(endpoint.name)}/invocations"
    mark = sign(Mark(test.pk, team, endpoint.name, bool(test.declared["kept"]), until))
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {place.netloc}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\n{HEADER}: {mark}\r\n"
    )
    units = _units(endpoint, test.declared["variant"])
    requests = []
    for number, body in enumerate(_bodies(rows, test.declared["n_rows"])):
        unit = f"X-Unit-Id: {units[number % len(units)]}\r\n" if units else ""
        requests.append(f"{head}{unit}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    tls = ssl.create_default_context() if place.scheme == "https" else None
    return Target(place.hostname or "127.0.0.1", place.port or PORTS[place.scheme], requests, tls)


def probe(target: Target) -> None:
    """One request before the load: Invalid with the server's own words when it is not answered with 200."""
    head, _, body = target.requests[0].partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    kind = http.client.HTTPSConnection if target.tls else http.client.HTTPConnection
    connection = kind(target.host, target.port, timeout=ANSWER_SECONDS)
    try:
        connection.request("POST", first.split(" ")[1], body, headers)
        answer = connection.getresponse()
        text = answer.read()
    except OSError as error:
        raise Unavailable(f"Nothing answers at {target.host}:{target.port}: {error}.") from error
    finally:
        connection.close()
    if answer.status != 200:
        raise Invalid(f"The endpoint answers {answer.status}, so there is nothing to measure: {_told(text)}")


def _told(text: bytes) -> str:
    try:
        return str(json.loads(text)["detail"])[:500]
    except (ValueError, KeyError, TypeError):
        return text[:200].decode("utf-8", "replace")


def _bodies(rows: list[dict[str, Any]], n_rows: int) -> list[bytes]:
    """As many different ones as there are rows, each of `n_rows` rows; at most 200, fewer when they are long."""
    n = max(1, min(len(rows), MOST_REPLAYED, 20_000 // n_rows))
    return [
        msgspec.json.encode(
            {"dataframe_records": [rows[(start + place) % len(rows)] for place in range(n_rows)],
             "params": {"probabilities": True}}
        )
        for start in range(n)
    ]  # fmt: skip


def _units(endpoint: Endpoint, variant: str) -> list[str]:
    """Units that the split sends to the variant; none when all variants are asked."""
    if not variant:
        return []
    layout, found = Layout.from_json(endpoint.layout), []
    for number in range(MOST_TRIES):
        unit = f"load-test-{number}"
        if layout.owner(bucket_of(unit, endpoint.salt)) == variant:
            found.append(unit)
            if len(found) == N_UNITS:
                break
    if not found:
        raise Invalid(f"“{variant}” gets no traffic any more.", field="variant")
    return found
