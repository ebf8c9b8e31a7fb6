"""Bytes that a job prints, cut into lines and held to a limit. Used by supervision; no Django."""

from dataclasses import dataclass, field


@dataclass
class LogLines:
    """Feed bytes, take finished lines. After the limit one note is given and the rest is dropped."""

    limit_bytes: int
    limit_lines: int
    line_bytes: int
    n_bytes: int = 0
    n_lines: int = 0
    cut: bool = False
    _rest: bytes = b""
    _ready: list[str] = field(default_factory=list)

    def feed(self, data: bytes) -> None:
        if self.cut:
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._add(line)
        while len(self._rest) > self.line_bytes:
            self._add(self._rest[: self.line_bytes])
            self._rest = self._rest[self.line_bytes :]

    def take(self, *, final: bool = False) -> list[str]:
        """The lines since the last call; with `final` also the one that no newline ended."""
        if final and self._rest:
            self._add(self._rest)
            self._rest = b""
        ready, self._ready = self._ready, []
        return ready

    def _add(self, line: bytes) -> None:
        if self.cut:
            return
        self.n_bytes += len(line) + 1
        self.n_lines += 1
        if self.n_bytes > self.limit_bytes or self.n_lines > self.limit_lines:
            self.cut = True
            self._rest = b""
            self._ready.append(
                f"[The log is cut here: it reached {self.limit_bytes:,} bytes or {self.limit_lines:,} lines. "
                "The job goes on.]"
            )
            return
        # A progress bar redraws its line: keep the last drawing. PostgreSQL stores no NUL.
        text = line.rstrip(b"\r").rpartition(b"\r")[2][: self.line_bytes]
        self._ready.append(text.decode("utf-8", "replace").replace("\x00", "\ufffd"))
