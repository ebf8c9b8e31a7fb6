"""Watches foreign code in the jail: what a pickle imports, and what Python is asked to do while it is opened.

It tells; the jail holds. Nothing here is relied on to keep anything out.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import joblib
import joblib.numpy_pickle

FORBIDDEN_MODULES = frozenset(
    {
        "os", "posix", "nt", "subprocess", "_posixsubprocess", "sys", "socket", "_socket", "shutil", "ctypes",
        "_ctypes", "runpy", "importlib", "multiprocessing", "signal", "pty", "code", "urllib", "http", "ftplib",
        "smtplib", "asyncio", "tempfile", "resource", "fcntl", "mmap", "glob", "fileinput", "site", "pip",
        "pdb", "bdb", "threading", "_thread", "concurrent", "requests", "django", "psycopg2",
    }
)  # fmt: skip
FORBIDDEN_NAMES = frozenset(
    {"eval", "exec", "compile", "__import__", "open", "input", "breakpoint", "exit", "quit", "globals", "locals",
     "vars", "delattr", "setattr"}
)  # fmt: skip
FORBIDDEN_EVENTS = {
    "os.system": "to run a command", "subprocess.Popen": "to run a command", "os.exec": "to run a program",
    "os.posix_spawn": "to run a program", "os.spawn": "to run a program", "os.fork": "to start a process",
    "os.forkpty": "to start a process", "pty.spawn": "to start a process", "socket.connect": "to connect to",
    "socket.bind": "to listen at", "socket.sendto": "to send to", "socket.getaddrinfo": "to look up",
    "os.kill": "to signal process", "os.killpg": "to signal processes", "os.remove": "to delete",
    "os.rename": "to rename", "os.chmod": "to change", "os.listdir": "to list", "os.scandir": "to list",
    "open": "to open", "shutil.rmtree": "to delete",
}  # fmt: skip
OF_FILES = frozenset({"open", "os.listdir", "os.scandir"})
COUNTING = frozenset({"lscpu", "sysctl"})  # how joblib counts cores; refused, but no mischief
MOST = 50
LONGEST = 200


class Forbidden(Exception):
    """A pickle imports what no model needs."""


class Watch:
    """`allowed` are places that may be read without a word: those that the jail leaves open.

    `acts` are what no model does; `looks` are files that it wanted to read, which an odd library does too.
    """

    def __init__(self, told_at: Path, allowed: list[str]) -> None:
        self.told_at, self.allowed = told_at, tuple(allowed)
        self.asked: list[str] = []
        self.acts: list[str] = []
        self.looks: list[str] = []
        self.is_on = False
        sys.addaudithook(self._heard)

    def load(self, path: Path) -> Any:
        """What joblib, pickle or cloudpickle wrote; Forbidden before what is imported for mischief."""
        asked = self.asked

        class Watched(joblib.numpy_pickle.NumpyUnpickler):  # type: ignore[misc]  # joblib has no types
            def find_class(self, module: str, name: str) -> Any:
                full = f"{module}.{name}"[:LONGEST]
                if full not in asked and len(asked) < MOST:
                    asked.append(full)
                if module.split(".")[0] in FORBIDDEN_MODULES or (
                    module == "builtins" and name in FORBIDDEN_NAMES
                ):
                    raise Forbidden(
                        f"The file asks for {full}, which no model needs; it was not opened further."
                    )
                return super().find_class(module, name)

        joblib.numpy_pickle.NumpyUnpickler = Watched
        return joblib.load(path)

    def _heard(self, event: str, given: tuple[Any, ...]) -> None:
        if not self.is_on or event not in FORBIDDEN_EVENTS:
            return
        target = _shown(given)
        looks = event in OF_FILES
        if looks and (target.startswith(self.allowed) or not target.startswith("/")):
            return
        if target in COUNTING:
            raise PermissionError(target)
        line = f"It tried {FORBIDDEN_EVENTS[event]} {target}".strip()
        told = self.looks if looks else self.acts
        if line not in told and len(told) < MOST:
            told.append(line)
            self._tell(line)
        if not looks:
            raise PermissionError(line)

    def _tell(self, line: str) -> None:
        """At once: who is stopped says nothing later."""
        self.is_on = False  # telling opens a file
        with self.told_at.open("a", encoding="utf-8", errors="replace") as file:
            file.write(f"{line}\n")
        self.is_on = True


def _shown(given: tuple[Any, ...]) -> str:
    found = next((value for value in given if isinstance(value, str | bytes | tuple | int)), "")
    text = found.decode("utf-8", "replace") if isinstance(found, bytes) else str(found)
    return " ".join(text.split())[:LONGEST]
