"""A PostgreSQL of its own for a benchmark of monitoring, and commands that run with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.served import ROOT
from mlregistry.supervisor.postgres import Postgres


@contextmanager
def prepared(folder: Path) -> Iterator[Mapping[str, str]]:
    """The environment in which the server's own code finds the database, with all tables; tuned as by default."""
    postgres = Postgres(folder / "postgres", folder / "postgres-socket")
    postgres.start()
    environment = {
        **os.environ, "MLREGISTRY_HOME": str(folder), "DATABASE_URL": postgres.url(), "MLREGISTRY_DEMO": "0",
        "DJANGO_SETTINGS_MODULE": "mlregistry.settings", "BENCHMARK_POSTGRES": str(postgres.pid),
    }  # fmt: skip
    try:
        run(environment, ["manage.py", "migrate", "--verbosity", "0"])
        yield environment
    finally:
        postgres.stop()


def answer_of(
    environment: Mapping[str, str], module: str, words: Sequence[str], answer: Path
) -> dict[str, Any]:
    """What a module writes into the file that it is told last."""
    run(environment, ["-m", module, *words, str(answer)])
    found: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    return found


def run(environment: Mapping[str, str], words: Sequence[str]) -> None:
    subprocess.run([sys.executable, *words], cwd=ROOT, env=dict(environment), check=True)
