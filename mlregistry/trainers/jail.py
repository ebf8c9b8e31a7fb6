"""What a process gives up before it runs a line of foreign code or opens a foreign model; nothing can be taken back.

Landlock leaves it some folders and ports, seccomp takes calls that lead out, capabilities go. Called by boxed.
Linux 6.7 on x86-64 or arm64; needs no root. See landlock(7), seccomp(2), capabilities(7).
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

LEAST_ABI = 4  # with rules for TCP
SCOPES_ABI = 6  # signals stay inside
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION, BENEATH, PORT = 1, 1, 2
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
TRUNCATE, DEVICE = 1 << 14, 1 << 15
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | DEVICE
READ = EXECUTE | READ_FILE | READ_DIR
BIND_TCP, CONNECT_TCP = 1, 2
SCOPES = 3
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_DUMPABLE = 38, 22, 24, 4
LAST_CAPABILITY = 63
LOAD, JUMP_EQUAL, JUMP_ABOVE, JUMP_SET, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL, FAIL = 0x7FFF0000, 0x80000000, 0x00050000
NUMBER_AT, ARCHITECTURE_AT, FIRST_ARGUMENT_AT, SECOND_ARGUMENT_AT = 0, 4, 16, 24
NEW_NAMESPACES = 0x7E020080
SOCKET_FAMILIES = (2, 10, 16)  # IPv4, IPv6, netlink; none of Unix: the database listens on one
DATAGRAM = 2
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
CALLS = {
    "x86_64": {"socket": 41, "clone": 56, "clone3": 435},
    "aarch64": {"socket": 198, "clone": 220, "clone3": 435},
}
NEW_PROGRAMS = {"x86_64": (57, 58, 59, 322), "aarch64": (221, 281)}  # fork, vfork, execve, execveat
A_THREAD = 0x00010000
# setsid and setpgid: whoever stays in the job's group ends with it. The others look into, or lead to, what is outside.
REFUSED = {
    "x86_64": (
        112, 109, 101, 310, 311, 425, 426, 427, 165, 166, 155, 161, 272, 308, 250, 248, 249, 321, 298, 323, 304, 438,
        246, 175, 313, 176, 169, 167, 179, 428, 429, 430, 432, 442,
    ),
    "aarch64": (
        157, 154, 117, 270, 271, 425, 426, 427, 40, 39, 41, 51, 97, 268, 219, 217, 218, 280, 241, 282, 265, 438,
        104, 105, 273, 106, 142, 224, 60, 428, 429, 430, 432, 442,
    ),
}  # fmt: skip
SIGNALS = {"x86_64": (62, 200, 234, 424, 129, 297), "aarch64": (129, 130, 131, 424, 138, 240)}

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Jail:
    """Folders and files to read (and execute), those to write too, and TCP ports to connect to."""

    read: tuple[Path, ...]
    write: tuple[Path, ...]
    ports: tuple[int, ...]
    datagrams: bool = False


def why_not() -> str:
    """Why this machine cannot hold a jail; empty when it can."""
    if platform.machine() not in ARCHITECTURES:
        return f"processors of the kind {platform.machine()} are not supported"
    if _abi() < LEAST_ABI:
        return "the kernel has no Landlock with rules for TCP (Linux 6.7)"
    return ""


def enter(jail: Jail) -> None:
    """For this process and all that come from it; OSError when a part of it fails, and then nothing may run."""
    _checked(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    for capability in range(LAST_CAPABILITY + 1):  # a root that executes something would get them back
        _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    _restrict(jail)
    _filter(jail)


def stay_alone() -> None:
    """From now on this process starts threads and no process or program; what it reads was decided by `enter`."""
    machine = platform.machine()
    _checked(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    lines = [*_load(ARCHITECTURE_AT), (JUMP_EQUAL, 1, 0, ARCHITECTURES[machine]), (RETURN, 0, 0, KILL)]
    lines += _load(NUMBER_AT)
    for number in NEW_PROGRAMS[machine]:
        lines += [(JUMP_EQUAL, 0, 1, number), _fail(errno.EPERM)]
    lines += [(JUMP_EQUAL, 0, 1, CALLS[machine]["clone3"]), _fail(errno.ENOSYS)]
    lines += [(JUMP_EQUAL, 0, 3, CALLS[machine]["clone"]), *_load(FIRST_ARGUMENT_AT)]
    lines += [(JUMP_SET, 1, 0, A_THREAD), _fail(errno.EPERM), (RETURN, 0, 0, ALLOW)]
    _install(lines)


def _abi() -> int:
    return int(_libc.syscall(CREATE_RULESET, None, 0, VERSION))


def _restrict(jail: Jail) -> None:
    abi = _abi()
    every = (1 << (16 if abi >= 5 else 15)) - 1
    words = [every, BIND_TCP | CONNECT_TCP] + ([SCOPES] if abi >= SCOPES_ABI else [])
    attributes = struct.pack(f"={len(words)}Q", *words)
    ruleset = _checked(_libc.syscall(CREATE_RULESET, attributes, len(attributes), 0), "Landlock")
    for path in jail.read:
        _allow(ruleset, path, READ)
    for path in jail.write:
        _allow(ruleset, path, every & ~DEVICE if path.is_dir() else every)
    for port in jail.ports:
        rule = struct.pack("=QQ", CONNECT_TCP, port)
        _checked(_libc.syscall(ADD_RULE, ruleset, PORT, rule, 0), "Landlock for TCP")
    _checked(_libc.syscall(RESTRICT_SELF, ruleset, 0), "Landlock")
    os.close(ruleset)


def _allow(ruleset: int, path: Path, access: int) -> None:
    """What is not there needs no rule."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        rights = access if path.is_dir() else access & OF_FILES
        rule = struct.pack("=Qi", rights, place)
        _checked(_libc.syscall(ADD_RULE, ruleset, BENEATH, rule, 0), f"Landlock for {path}")
    finally:
        os.close(place)


def _filter(jail: Jail) -> None:
    machine = platform.machine()
    refused = [*REFUSED[machine], *(SIGNALS[machine] if _abi() < SCOPES_ABI else ())]
    calls = CALLS[machine]
    lines = [
        *_load(ARCHITECTURE_AT),
        (JUMP_EQUAL, 1, 0, ARCHITECTURES[machine]),
        (RETURN, 0, 0, KILL),
        *_load(NUMBER_AT),
        (JUMP_ABOVE, 0, 1, 0x40000000),  # x32: other numbers for the same calls
        _fail(errno.EPERM),
    ]
    for number in refused:
        lines += [(JUMP_EQUAL, 0, 1, number), _fail(errno.EPERM)]
    lines += [(JUMP_EQUAL, 0, 1, calls["clone3"]), _fail(errno.ENOSYS)]  # libc then takes clone
    lines += [(JUMP_EQUAL, 0, 4, calls["clone"]), *_load(FIRST_ARGUMENT_AT)]
    lines += [(JUMP_SET, 0, 1, NEW_NAMESPACES), _fail(errno.EPERM), (RETURN, 0, 0, ALLOW)]
    lines += _sockets(calls["socket"], jail.datagrams)
    lines.append((RETURN, 0, 0, ALLOW))
    _install(lines)


def _install(lines: list[tuple[int, int, int, int]]) -> None:
    program = b"".join(struct.pack("=HBBI", *line) for line in lines)
    buffer = ctypes.create_string_buffer(program)
    header = struct.pack("@HP", len(lines), ctypes.addressof(buffer))
    _checked(_libc.prctl(PR_SET_SECCOMP, 2, header, 0, 0), "seccomp")


def _sockets(number: int, datagrams: bool) -> list[tuple[int, int, int, int]]:
    """Of the families named only; datagrams where names must be looked up."""
    inside: list[tuple[int, int, int, int]] = [*_load(FIRST_ARGUMENT_AT)]
    n = len(SOCKET_FAMILIES)
    inside += [(JUMP_EQUAL, n - place, 0, family) for place, family in enumerate(SOCKET_FAMILIES)]
    inside += [_fail(errno.EACCES)]
    if not datagrams:
        inside += [(JUMP_EQUAL, 4, 0, SOCKET_FAMILIES[-1]), *_load(SECOND_ARGUMENT_AT), (0x54, 0, 0, 0xF)]
        inside += [(JUMP_EQUAL, 0, 1, DATAGRAM), _fail(errno.EACCES)]
    return [*_load(NUMBER_AT), (JUMP_EQUAL, 0, len(inside), number), *inside]


def _load(offset: int) -> list[tuple[int, int, int, int]]:
    return [(LOAD, 0, 0, offset)]


def _fail(number: int) -> tuple[int, int, int, int]:
    return RETURN, 0, 0, FAIL | number


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what} could not be set up: {os.strerror(number)}")
    return result


def existing(paths: Iterable[str]) -> tuple[Path, ...]:
    """Those that are there."""
    return tuple(Path(path) for path in paths if Path(path).exists())
