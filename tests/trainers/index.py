"""A package index on the loopback with wheels that are made here, as pip asks for them."""

import base64
import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .zipped import zipped


@dataclass
class Index:
    """`asked` are the paths that were asked for."""

    url: str = ""
    asked: list[str] = field(default_factory=list)


def wheel(name: str, version: str, files: Mapping[str, str]) -> tuple[str, bytes]:
    """The file name and content of a wheel with these modules (PEP 427)."""
    info = f"{name}-{version}.dist-info"
    listed = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{path},{_digest(text)},{len(text.encode())}" for path, text in listed.items()]
    listed[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""])
    return f"{name}-{version}-py3-none-any.whl", zipped(dict(listed))


def _digest(text: str) -> str:
    found = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
    return f"sha256={found.rstrip(b'=').decode()}"


@contextmanager
def serving(wheels: Mapping[str, bytes]) -> Iterator[Index]:
    """An index of these wheels, until the block ends; pages as in PEP 503."""
    index = Index()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _door(index, wheels))
    server.daemon_threads = True
    index.url = f"http://127.0.0.1:{server.server_address[1]}/simple/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield index
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def _door(index: Index, wheels: Mapping[str, bytes]) -> type[BaseHTTPRequestHandler]:
    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            index.asked.append(self.path)
            *_, place, last = self.path.split("/")
            if last in wheels:
                self._answer(200, wheels[last], "application/octet-stream")
                return
            found = [file for file in wheels if file.partition("-")[0].replace("_", "-") == place]
            links = "".join(
                f'<a href="/files/{file}#sha256={hashlib.sha256(wheels[file]).hexdigest()}">{file}</a>\n'
                for file in found
            )
            page = f"<!DOCTYPE html><html><body>{links}</body></html>".encode()
            self._answer(200 if found else 404, page, "text/html")

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: pip's own output tells."""

    return Door
