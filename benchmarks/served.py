"""A server of its own in a fresh home for benchmarks that go through its API and its pages."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil

ROOT = Path(__file__).resolve().parents[1]
TOKEN = "benchmark-token-of-the-first-owner"  # noqa: S105  # of a server that lives for one benchmark
PASSWORD = "benchmark-password-9152"  # noqa: S105  # of a server that lives for one benchmark


class Server:
    """Started with the defaults; `ask` speaks to its API, `Browser` to its pages."""

    def __init__(self, home: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        environment = {
            **os.environ,
            "MLREGISTRY_HOME": home,
            "PORT": str(self.port),
            "MLREGISTRY_DEMO": "0",
            "MLREGISTRY_ADMIN_TOKEN": TOKEN,
            "MLREGISTRY_ADMIN_USERNAME": "owner",
            "MLREGISTRY_ADMIN_PASSWORD": PASSWORD,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mlregistry.supervisor"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait(self) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                self.ask("problems/")
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.2)
            else:
                return
        raise SystemExit("The server did not start.")

    def ask(self, path: str, body: Any = None, *, raw: bytes | None = None, name: str = "") -> Any:
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        if raw is not None:
            headers |= {"Content-Type": "text/csv", "X-Filename": name}
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v1/{path}", data=data, headers=headers
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 (our own server)
            return json.load(answer)

    def cpu_seconds(self) -> float:
        """Of everything that runs, and of the children that have ended under it."""
        own = psutil.Process(self.process.pid)
        total = 0.0
        for one in [own, *own.children(recursive=True)]:
            try:
                used = one.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += used.user + used.system + used.children_user + used.children_system
        return total

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)


class Browser:
    """The pages as somebody who has logged in asks for them."""

    def __init__(self, server: Server) -> None:
        self.base = f"http://127.0.0.1:{server.port}"
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self.submit("/login/", {"username": "owner", "password": PASSWORD})

    def get(self, address: str, *, htmx: bool = False) -> str:
        headers = {"HX-Request": "true"} if htmx else {}
        request = urllib.request.Request(self.base + address, headers=headers)  # noqa: S310 (our own server)
        with self.opener.open(request, timeout=60) as answer:
            return str(answer.read().decode())

    def submit(self, address: str, fields: dict[str, Any]) -> tuple[str, str]:
        """Open the form, send it with its token; where that leads, and the page there."""
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(address))
        token = found.group(1) if found else ""
        data = urlencode({**fields, "csrfmiddlewaretoken": token}, doseq=True).encode()
        headers = {"Referer": self.base + address}
        request = urllib.request.Request(self.base + address, data=data, headers=headers)  # noqa: S310  # an address of our own server
        with self.opener.open(request, timeout=60) as answer:
            return str(answer.url).removeprefix(self.base), str(answer.read().decode())
