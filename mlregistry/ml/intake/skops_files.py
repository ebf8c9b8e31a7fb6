"""skops files inside the jail: read with our own list of trusted types, written for those who download the model."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import skops.io
from skops.io.exceptions import UntrustedTypesFoundException

from mlregistry.errors import Invalid
from mlregistry.ml.packaging import TRUSTED

MOST_UNPACKED = 2 * 2**30
OF_PACKAGES = (
    "mlregistry.ml.boosting."  # these hold a booster's own bytes: such models come as files of their library
)
FOREIGN = tuple(name for name in TRUSTED if not name.startswith(OF_PACKAGES))


def load(path: Path) -> Any:
    """Invalid for a file that is none, or that names a type which is not on our list."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > MOST_UNPACKED:
                raise Invalid("The skops file unpacks to more than 2 GB.", field="file")
    except zipfile.BadZipFile as error:
        raise Invalid("The skops file is damaged: it is no ZIP archive.", field="file") from error
    try:
        return skops.io.load(path, trusted=list(FOREIGN))
    except UntrustedTypesFoundException as error:
        unknown = sorted(set(skops.io.get_untrusted_types(file=path)) - set(FOREIGN))
        listed = ", ".join(unknown[:5]) or str(error)[:200]
        raise Invalid(
            f"The skops file holds types that are not trusted here: {listed}.", field="file"
        ) from error


def written(model: Any, path: Path, notes: list[str]) -> bool:
    """Whether the model went into a file that `load` reads."""
    try:
        skops.io.dump(model, path, compression=zipfile.ZIP_DEFLATED)
        load(path)
    except Exception as error:  # skops raises errors of many kinds
        notes.append(f"It could not be written as skops: {str(error)[:200]}")
        return False
    return True
