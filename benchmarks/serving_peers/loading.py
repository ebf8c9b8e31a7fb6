"""The load: wrk where it is installed, else the generator of this project."""

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
P99 = re.compile(r"\s99%\s+([\d.]+)(us|ms|s|m)\b")
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
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
    return float(RATE.findall(_wrk(ask, connections, seconds))[0])


def p99(ask: Ask, *, rate: float, connections: int, seconds: float) -> float:
    """Seconds within which 99 in 100 requests are answered when so many a second come, at random moments.

    wrk's connections pause between requests, as long on average as this rate needs; the other generator counts from
    when each request was due.
    """
    if WRK is None:
        measured = run(_target(ask), Plan("constant", seconds, connections, rate=rate, warm_up_seconds=0.5))
        return measured.histogram.quantile(0.99) or float("nan")
    pause = 1000 * connections / rate
    text = _wrk(
        ask, connections, seconds, f"function delay() return -math.log(1 - math.random()) * {pause:.3f} end\n"
    )
    number, unit = P99.findall(text)[0]
    return float(number) * UNITS[unit]


def _wrk(ask: Ask, connections: int, seconds: float, more: str = "") -> str:
    """What wrk prints; SystemExit when a request failed."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(f'wrk.method = "POST"\nwrk.body = {_lua(ask.body.decode())}\n{more}')
        for name, value in {"Content-Type": "application/json", **ask.headers}.items():
            script.write(f"wrk.headers[{_lua(name)}] = {_lua(value)}\n")
        script.flush()
        command = [str(WRK), "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "30s"]
        command += ["--latency", "-s", script.name, f"http://127.0.0.1:{ask.port}{ask.path}"]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if found := FAILED.search(text):
        raise SystemExit(f"{ask.path}: {found[0]}")
    return text


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
