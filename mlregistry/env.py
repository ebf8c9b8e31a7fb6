"""The environment of the server, read in one place: settings, the supervisor and the tests call these.

Every value has a working default; one that cannot be used raises `EnvironmentMistake` naming its variable.
"""

import hashlib
import ipaddress
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off", ""})
POSTGRES_SCHEMES = frozenset({"postgres", "postgresql", "pgsql"})
EMBEDDED_NAME = "mlregistry"
EMBEDDED_USER = "mlregistry"  # no superuser: SQL of the application can start no program
LONGEST_SOCKET_FOLDER = 80  # a Unix socket's whole path has room for 107 bytes


class EnvironmentMistake(SystemExit):
    """A variable that cannot be used; as a SystemExit it ends a command with one line and no traceback."""


def text(name: str, default: str = "") -> str:
    """The variable without surrounding blanks, or the default when it is unset or empty."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool = False) -> bool:
    """A yes or no: 1/true/yes/on and 0/false/no/off."""
    value = os.environ.get(name)
    if value is None:
        return default
    word = value.strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise EnvironmentMistake(f"{name} must be 1 or 0, not {value!r}")


def number(name: str, default: int, *, lowest: int = 0, highest: int = 2**31 - 1) -> int:
    """A whole number within bounds."""
    value = text(name)
    if not value:
        return default
    if not (value.isascii() and value.lstrip("-").isdigit()) or not lowest <= int(value) <= highest:
        raise EnvironmentMistake(f"{name} must be a whole number from {lowest} to {highest}, not {value!r}")
    return int(value)


def port() -> int:
    return number("PORT", 8000, lowest=1, highest=65535)


def host() -> str:
    return text("HOST", "127.0.0.1")


def own_url() -> str:
    """Where processes of this machine find the server."""
    name = {"0.0.0.0": "127.0.0.1", "::": "127.0.0.1", "": "127.0.0.1"}.get(host(), host())  # noqa: S104  # to name it is not to bind it
    return f"http://[{name}]:{port()}" if ":" in name else f"http://{name}:{port()}"


def home() -> Path:
    """MLREGISTRY_HOME, absolute; made on first use, readable by its owner alone."""
    folder = Path(text("MLREGISTRY_HOME", ".mlregistry")).expanduser().absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentMistake(f"MLREGISTRY_HOME {folder} cannot be used: {error.strerror}") from error
    return folder


def networks(name: str) -> list[str]:
    """Networks in CIDR notation, separated by commas."""
    found = [word.strip() for word in text(name).split(",") if word.strip()]
    for word in found:
        try:
            ipaddress.ip_network(word)
        except ValueError as error:
            raise EnvironmentMistake(f"{name} must be networks such as 10.1.0.0/16: {error}") from error
    return found


def secret_key() -> str:
    """SECRET_KEY, or the one made once and kept in the home."""
    return text("MLREGISTRY_SECRET_KEY") or _kept_secret(home() / "secret_key")


def database_url() -> str | None:
    return text("DATABASE_URL") or None


def database_settings() -> dict[str, Any]:
    """Django's DATABASES["default"]: the server of DATABASE_URL, or the embedded one's socket."""
    url = database_url()
    if url is None:
        return _django_database(name=EMBEDDED_NAME, user=EMBEDDED_USER, host=str(socket_folder()))
    parts = urlsplit(url)
    name = unquote(parts.path.lstrip("/"))
    if parts.scheme not in POSTGRES_SCHEMES or not name:
        raise EnvironmentMistake("DATABASE_URL must look like postgres://user:password@host:5432/name")
    options = dict(parse_qsl(parts.query))
    try:
        url_port = str(parts.port or options.pop("port", ""))
    except ValueError as error:
        raise EnvironmentMistake(f"DATABASE_URL has an unusable port: {error}") from error
    return _django_database(
        name=name,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        host=unquote(parts.hostname or "") or options.pop("host", ""),
        port=url_port,
        options=options,
    )


def web_threads() -> int:
    """How many requests a web process answers at once with the database; more of them only wait for each other."""
    return number("MLREGISTRY_WEB_THREADS", min(8, (os.cpu_count() or 1) + 1), lowest=1, highest=256)


def socket_folder(base: Path | None = None) -> Path:
    """Where the embedded server's socket lies; beside the data, or in /tmp when that path is too long."""
    folder = (base or home()) / "postgres-socket"
    if len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER:
        return folder
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"mlregistry-{os.getuid()}-{digest}"


def _django_database(
    *,
    name: str,
    user: str,
    host: str,
    password: str = "",
    port: str = "",
    options: dict[str, str] | None = None,
) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": user,
        "PASSWORD": password,
        "HOST": host,
        "PORT": port,
        "OPTIONS": options or {},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def _kept_secret(path: Path) -> str:
    """Linked into place whole, so that two processes that start together read the same secret."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
