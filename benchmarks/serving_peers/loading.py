"""The load: wrk where it is installed, else the generator of this project; a constant rate always by the latter."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field

from mlregistry.loadtests.load import run
from mlregistry.loadtests.plans import Plan, Target

WRK = shutil.which("wrk")
RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
FAILED = re.compile(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)")


@dataclass(frozen=True)
class Ask:
    """One request, the same bytes again and again."""

    port: int
    path: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def tool() -> str:
    return "wrk" if WRK else "the generator of mlregistry.loadtests"


def closed(ask: Ask, *, connections: int, seconds: float) -> float:
    """Right answers a second when each connection asks again once it is answered; SystemExit when some failed."""
    if WRK is None:
        measured = run(_target(ask), Plan("closed", seconds, connections, warm_up_seconds=0.5))
        if measured.n_errors:
            raise SystemExit(f"{ask.path}: {measured.statuses}")
        return measured.throughput
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(f'wrk.method = "POST"\nwrk.body = {_lua(ask.body.decode())}\n')
        for name, value in {"Content-Type": "application/json", **ask.headers}.items():
            script.write(f"wrk.headers[{_lua(name)}] = {_lua(value)}\n")
        script.flush()
        command = [WRK, "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "30s", "-s"]
        command += [script.name, f"http://127.0.0.1:{ask.port}{ask.path}"]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if found := FAILED.search(text):
        raise SystemExit(f"{ask.path}: {found[0]}")
    return float(RATE.findall(text)[0])


def p99(ask: Ask, *, rate: float, connections: int, seconds: float) -> float:
    """Seconds within which 99 in 100 requests are answered at a constant rate, counted from when each was due."""
    measured = run(_target(ask), Plan("constant", seconds, connections, rate=rate, warm_up_seconds=0.5))
    return measured.histogram.quantile(0.99) or float("nan")


def once(ask: Ask) -> str:
    """The answer to one request; SystemExit with it when it is not 200."""
    command = ["curl", "-sS", "-m", "60", "-w", "\n%{http_code}", "-X", "POST", "--data-binary", "@-"]
    for name, value in {"Content-Type": "application/json", **ask.headers}.items():
        command += ["-H", f"{name}: {value}"]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{ask.port}{ask.path}"], input=ask.body, capture_output=True, check=False
    )
    text, _, status = done.stdout.decode().rpartition("\n")
    if status != "200":
        raise SystemExit(f"{ask.path} answered {status}: {text[:500]} {done.stderr.decode()[:200]}")
    return text


def _target(ask: Ask) -> Target:
    head = f"POST {ask.path} HTTP/1.1\r\nHost: 127.0.0.1:{ask.port}\r\nContent-Type: application/json\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in ask.headers.items())
    return Target(
        "127.0.0.1", ask.port, [f"{head}Content-Length: {len(ask.body)}\r\n\r\n".encode() + ask.body]
    )


def _lua(text: str) -> str:
    """JSON's texts are Lua's, but for the escapes of characters beyond ASCII."""
    return json.dumps(text, ensure_ascii=False)
