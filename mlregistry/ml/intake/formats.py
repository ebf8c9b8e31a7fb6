"""Formats of model files, by name and first bytes alone: nothing is opened here. Doors and registry call it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from mlregistry.errors import Invalid

SUFFIXES = {
    ".skops": "skops", ".onnx": "onnx", ".joblib": "joblib", ".pkl": "pickle", ".pickle": "pickle",
    ".cloudpickle": "pickle", ".json": "xgboost_json", ".ubj": "xgboost_ubj", ".txt": "lightgbm",
}  # fmt: skip
BOOSTERS = frozenset({"xgboost_json", "xgboost_ubj", "lightgbm"})
PICKLED = frozenset({"joblib", "pickle"})
ZIP, PICKLE = b"PK\x03\x04", b"\x80"
OF_MANY_KINDS = frozenset({".json", ".txt"})  # in a folder these are models by the name “model” alone
IN_FOLDERS = {".xgb": "xgboost_ubj", ".lgb": "lightgbm"}  # as MLflow's clients write them
MOST_BYTES = 512 * 2**20


@dataclass(frozen=True)
class Format:
    """What a form of a model is, and who may load it."""

    name: str
    title: str
    suffix: str
    who: str
    runs_code: bool = False


FORMATS = {
    one.name: one
    for one in (
        Format("joblib", "joblib", ".joblib", "whoever trusts who made it: a pickle runs code when it is opened", True),
        Format("pickle", "pickle", ".pkl", "whoever trusts who made it: a pickle runs code when it is opened", True),
        Format("skops", "skops", ".skops", "everybody who names the types to trust; it holds no code"),
        Format("onnx", "ONNX", ".onnx", "everybody with ONNX Runtime; it holds a graph and no code"),
        Format("xgboost_json", "XGBoost JSON", ".json", "everybody with XGBoost; it holds trees and no code"),
        Format("xgboost_ubj", "XGBoost UBJSON", ".ubj", "everybody with XGBoost; it holds trees and no code"),
        Format("lightgbm", "LightGBM text", ".txt", "everybody with LightGBM; it holds trees and no code"),
        Format("arrays", "NumPy arrays", ".npz", "everybody; it holds arrays and no code"),
        Format("compiled", "compiled form", ".npz", "this server; it holds arrays and no code"),
    )
}  # fmt: skip


def format_of(name: str) -> str | None:
    """By the suffix of a file's name; None for a file that is no model."""
    suffix = PurePosixPath(name).suffix.lower()
    return SUFFIXES.get(suffix) or IN_FOLDERS.get(suffix)


def needs_approval(format: str) -> bool:
    """Whether opening it runs whatever its maker wants."""
    return format in PICKLED


def chosen(names: Iterable[str]) -> str | None:
    """The model among the files of one folder: what runs no code comes first; None where there is none."""
    found = sorted((needs_approval(format), name) for name in names if (format := _format_in_folder(name)))
    return found[0][1] if found else None


def _format_in_folder(name: str) -> str | None:
    path = PurePosixPath(name)
    return None if path.suffix.lower() in OF_MANY_KINDS and path.stem != "model" else format_of(name)


def checked_format(name: str, head: bytes) -> str:
    """The format of a file by its name, held against its first bytes; Invalid says what is accepted."""
    found = format_of(name)
    if found is None:
        raise Invalid(
            f"“{name[:100]}” is no model by its name; upload a file that ends in {', '.join(SUFFIXES)}.",
            field="file",
        )
    if not head:
        raise Invalid("The file is empty.", field="file")
    if found == "skops" and not head.startswith(ZIP):
        raise Invalid("The file is no skops file: it does not begin as one.", field="file")
    if found == "onnx" and (head.startswith((ZIP, PICKLE)) or head[:1] in (b"{", b"<")):
        raise Invalid("The file is no ONNX file: it does not begin as one.", field="file")
    if found.startswith("xgboost") and not head.lstrip().startswith(b"{"):
        raise Invalid(
            "The file is no XGBoost model in JSON or UBJSON; save it with Booster.save_model and such a name.",
            field="file",
        )
    if found == "lightgbm" and not head.startswith(b"tree"):
        raise Invalid("The file is no LightGBM model: its first line is not “tree”.", field="file")
    return found
