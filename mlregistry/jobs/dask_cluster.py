"""The operator's Dask cluster: settings.DASK. Importable before Django is set up."""

from urllib.parse import urlsplit

from mlregistry import env
from mlregistry.ml.farm_place import Place

EXAMPLE = "tcp://scheduler.internal:8786 or tls://scheduler.internal:8786"
FILES = {
    "authority": "MLREGISTRY_DASK_CA",
    "certificate": "MLREGISTRY_DASK_CERT",
    "key": "MLREGISTRY_DASK_KEY",
}


def place() -> Place | None:
    """None without MLREGISTRY_DASK_SCHEDULER; an address of tls:// needs all three files, one of tcp:// takes none."""
    address = env.text("MLREGISTRY_DASK_SCHEDULER")
    files = {name: env.text(variable) for name, variable in FILES.items()}
    if not address:
        return None
    if not _is_address(address):
        raise env.EnvironmentMistake(f"MLREGISTRY_DASK_SCHEDULER must be like {EXAMPLE}, not {address!r}")
    if address.startswith("tls://") != all(files.values()) or any(files.values()) != all(files.values()):
        raise env.EnvironmentMistake(
            f"{', '.join(FILES.values())} belong to a scheduler of tls://, all three, and to no other"
        )
    return Place(address, **files)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("tcp", "tls") and bool(parts.hostname) and parts.port is not None
    except ValueError:
        return False
