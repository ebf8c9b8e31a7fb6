"""Logged predictions whose truth is known, as rows to learn from and to compare on. Called by retraining."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection

from mlregistry.sql_rows import fetched
from models_app.models import ModelVersion
from serving.models import Endpoint, Feedback
from serving.queries.truths import predictions_of

# A prediction may have been named in both ways: the last truth counts.
PAIRS = f"""
    FROM serving_feedback f {predictions_of("f", "request_id", '"row"', "at", "input")}
    WHERE f.endpoint_id = %(endpoint)s AND p.at >= %(since)s AND p.at < %(until)s AND p.input <> '{{}}'::jsonb
"""
ENOUGH = f"SELECT count(*) FROM (SELECT 1 {PAIRS} LIMIT %(most)s) found"  # noqa: S608 - constants only
# JSON of the database holds neither of the two characters, so that no line is quoted.
LINES = f"""
    COPY (
        SELECT jsonb_build_object('input', input, 'truth', truth, 'moment', at)::text FROM (
            SELECT DISTINCT ON (p.request_id, p."row") p.request_id, p."row", p.at, p.input, f.truth {PAIRS}
            ORDER BY p.request_id, p."row", f.at DESC
        ) labelled
        ORDER BY at DESC, request_id, "row" LIMIT %(most)s
    ) TO STDOUT (FORMAT csv, DELIMITER e'\\x02', QUOTE e'\\x01')
"""  # noqa: S608 - constants only


@dataclass(frozen=True)
class FreshRow:
    """As its client sent it, and what turned out to be true."""

    input: dict[str, Any]
    truth: Any


def n_labelled(endpoint: Endpoint, since: datetime, until: datetime, *, most: int) -> int:
    """How many predictions of that time have a truth, counted up to `most`."""
    values = {"endpoint": endpoint.pk, "since": since, "until": until, "most": most}
    ((n,),) = fetched(ENOUGH, values)
    return int(n)


def n_new_labels(endpoint: Endpoint, since: datetime, until: datetime) -> int:
    """Rows of feedback that came in that time, whatever they are about."""
    return Feedback.objects.filter(endpoint=endpoint, at__gt=since, at__lte=until).count()


def write_lines(endpoint: Endpoint, since: datetime, until: datetime, target: Path, *, most: int) -> None:
    """One line of JSON for each, the newest first: input, truth, moment."""
    values = {"endpoint": endpoint.pk, "since": since, "until": until, "most": most}
    with target.open("w", encoding="utf-8") as file, connection.cursor() as cursor:
        cursor.copy_expert(cursor.mogrify(LINES, values).decode(), file)


def read_lines(path: Path) -> Iterator[FreshRow]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            found = json.loads(line)
            yield FreshRow(found["input"], found["truth"])


def hidden_inputs(endpoint: Endpoint, version: ModelVersion) -> list[str]:
    """What the version reads and the log drops, hashes or cuts short: rows without it teach something else."""
    names = [str(one["name"]) for one in version.served_signature.get("inputs") or ()]
    return [name for name in names if name in endpoint.log_redact]
