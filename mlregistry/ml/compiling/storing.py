"""A compiled model as one file of plain arrays and JSON, and back. Nothing in it is run; sizes are checked first."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mlregistry.errors import Invalid
from mlregistry.ml.compiling.building import MOST_FORMS
from mlregistry.ml.compiling.forms import Array, Form

FORMAT = 1
FORM = "form.json"
MOST_BYTES = 2 * 2**30
MOST_JSON_BYTES = 64 * 2**20
DEEPEST = 32


def save(form: Form, path: Path) -> None:
    """Arrays lie uncompressed, so that loading is reading."""
    arrays: dict[str, Array] = {}
    tree = {"format": FORMAT, "form": _described(form, arrays)}
    text = json.dumps(tree, ensure_ascii=True, separators=(",", ":"))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        archive.writestr(FORM, text)
        for name, values in arrays.items():
            with archive.open(name, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.ascontiguousarray(values), allow_pickle=False)


def load(path: Path) -> Form:
    """Invalid for a file that is none, of another version, or larger than this server loads."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > MOST_BYTES or len(members) > MOST_FORMS:
                raise Invalid("The compiled model unpacks to more than this server loads.", field="name")
            if archive.getinfo(FORM).file_size > MOST_JSON_BYTES:
                raise Invalid("The compiled model's description is too long.", field="name")
            tree = json.loads(archive.read(FORM))
            if tree["format"] != FORMAT:
                raise Invalid("The compiled model is of another version of this server.", field="name")
            return _read(tree["form"], archive, 0)
    except RecursionError as error:
        raise Invalid("The compiled model is nested too deep.", field="name") from error
    except (ValueError, KeyError, OSError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise Invalid(f"The file is no compiled model: {error}", field="name") from error


def _described(form: Form, arrays: dict[str, Array]) -> dict[str, Any]:
    names = {}
    for name, values in form.arrays.items():
        names[name] = f"{len(arrays)}.npy"
        arrays[names[name]] = values
    parts = [_described(part, arrays) for part in form.parts]
    return {"op": form.op, "options": dict(form.options), "arrays": names, "parts": parts}


def _read(data: Mapping[str, Any], archive: zipfile.ZipFile, depth: int) -> Form:
    if depth > DEEPEST:
        raise Invalid("The compiled model is nested too deep.", field="name")
    arrays = {str(name): _array(archive, str(member)) for name, member in data["arrays"].items()}
    parts = tuple(_read(part, archive, depth + 1) for part in data["parts"])
    return Form(str(data["op"]), dict(data["options"]), arrays, parts)


def _array(archive: zipfile.ZipFile, name: str) -> Array:
    """One member; its header may not promise more than the member holds."""
    size = archive.getinfo(name).file_size
    with archive.open(name) as member:
        version = np.lib.format.read_magic(member)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        shape, in_columns, kind = read_header[version](member)
        n_bytes = math.prod(shape) * kind.itemsize
        if (
            kind.hasobject
            or kind.kind not in "fiub"
            or kind.itemsize > 8
            or min(shape, default=1) < 0
            or n_bytes > size
        ):
            raise Invalid("An array of the compiled model is none that is read here.", field="name")
        raw = member.read(n_bytes)
    values = np.frombuffer(raw, dtype=kind).reshape(shape, order="F" if in_columns else "C")
    return values
