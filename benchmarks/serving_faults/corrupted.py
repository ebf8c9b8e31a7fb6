"""Model files whose bytes are changed on the disk, in the cache alone and in the artifact store too, under load."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any

from benchmarks.serving_faults.lines import Line
from benchmarks.serving_faults.models import QUICK, alone
from benchmarks.serving_faults.server import Server

NAME, ALONE = "corrupted", "corrupted-alone"
SPOILT = 3  # the version that no other part serves: nobody has it in memory
BACK_SECONDS = 60.0


def measure(server: Server, *, put_back: bool = True) -> list[Line]:
    """Version 1 is served all the time but for a moment; version 3 is spoilt, and at the end whole again."""
    server.create(NAME, alone(1))
    store, cache = server.files_of(QUICK, SPOILT)
    whole = store.read_bytes()
    with server.load(NAME) as load:
        lines = [_cache_alone(server, cache, whole)]
        spoil(cache)
        spoil(store)
        since = time.monotonic()
        lines.append(_both(server))
        lines.append(_nothing_else(server))
        load.await_answers()
        versions = {one.version for one in load.seen(since) if one.sent_at > since}
        store.write_bytes(whole)
        if put_back:
            lines.append(_back(server))
    failed = load.failures()
    seen = f"{len(load.seen()):,} requests, {len(failed)} failed; while it was spoilt by version {_said(versions)}"
    right = not failed and versions == {"1"}
    return [*lines, Line("requests meanwhile", seen, "none failed, none by the spoilt file", right)]


def spoil(path: Path) -> None:
    """One bit of its middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _cache_alone(server: Server, cache: Path, whole: bytes) -> Line:
    """It is put into the cache by a first use, forgotten by the processes, spoilt, and used again."""
    server.deploy(NAME, alone(SPOILT))
    server.deploy(NAME, alone(1))
    spoil(cache)
    status, answer = server.deploy(NAME, alone(SPOILT))
    is_whole = hashlib.sha256(cache.read_bytes()).digest() == hashlib.sha256(whole).digest()
    server.deploy(NAME, alone(1))
    state = "whole again" if is_whole else "still wrong"
    seen = f"deploy: {status} after {answer['seconds']:.2f} s, the copy is {state}"
    work, goal = "the cached copy of a model file is changed", "fetched once more, then served"
    return Line(work, seen, goal, status == 200 and is_whole)


def _both(server: Server) -> Line:
    status, answer = server.deploy(NAME, alone(SPOILT))
    errors = {one["error"] for one in answer["workers"]}
    seen = f"deploy: {status}: {_said(errors)}"
    right = status == 202 and all("SHA-256" in error for error in errors)
    return Line(
        "… and the artifact store's too", seen, "refused by its checksum, the former version goes on", right
    )


def _nothing_else(server: Server) -> Line:
    """An endpoint with no other version to fall back on."""
    created, _ = server.ask("POST", "/api/v1/endpoints/", {"name": ALONE, "variants": [alone(SPOILT)]})
    deployed, _ = server.deploy(ALONE)
    with server.load(ALONE, connections=4) as load:
        load.await_answers(5)
    answers = load.seen()
    statuses = {one.status for one in answers}
    seen = f"deploy: {deployed}; {len(answers)} requests, answered {_said(statuses)}: {answers[-1].why[:200]}"
    right = created == 201 and deployed == 202 and statuses == {503}
    return Line("an endpoint with that version alone", seen, "503 with the reason", right)


def _back(server: Server) -> Line:
    """The store's file is put back; nobody restarts anything."""
    began = time.monotonic()
    while time.monotonic() - began < BACK_SECONDS:
        status, _ = server.deploy(ALONE)
        if status == 200:
            break
        time.sleep(0.25)
    seconds = time.monotonic() - began
    return Line(
        "the file is put back",
        f"served after {seconds:.0f} s without a restart",
        "served again",
        status == 200,
    )


def _said(values: Any) -> str:
    return ", ".join(sorted(map(str, values)))
