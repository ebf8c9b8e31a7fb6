"""The program that runs inside the jail: opens a model, describes it, and writes its closed form and a skops copy.

`models_app.workers.opening` starts it as `main(inbox, outbox)`. It never imports Django and leaves by `os._exit`, so
that nothing foreign runs at the end.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import yaml

from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily
from mlregistry.ml.intake import describing, findings, signatures, watching
from mlregistry.ml.intake.findings import Findings
from mlregistry.ml.intake.formats import BOOSTERS, needs_approval
from mlregistry.ml.intake.signatures import Wanted
from mlregistry.ml.signature import Signature
from mlregistry.trainers import jail

if TYPE_CHECKING:
    from mlregistry.ml import environment
    from mlregistry.ml.compiling import candidates, measuring, parity, storing
    from mlregistry.ml.compiling.candidates import Candidate
    from mlregistry.ml.compiling.forms import Form
    from mlregistry.ml.compiling.parity import Native
    from mlregistry.ml.intake import booster_files, gate_rows, onnx_files, skops_files
else:
    environment = lazily("mlregistry.ml.environment")
    candidates, measuring = (
        lazily("mlregistry.ml.compiling.candidates"),
        lazily("mlregistry.ml.compiling.measuring"),
    )
    parity, storing = lazily("mlregistry.ml.compiling.parity"), lazily("mlregistry.ml.compiling.storing")
    gate_rows, onnx_files = (
        lazily("mlregistry.ml.intake.gate_rows"),
        lazily("mlregistry.ml.intake.onnx_files"),
    )
    booster_files, skops_files = (
        lazily("mlregistry.ml.intake.booster_files"),
        lazily("mlregistry.ml.intake.skops_files"),
    )

MOST_TEXT = 2 * 2**20
MOST_EXAMPLE = 20
MOST_MANY = 1_000


def main(inbox: Path, outbox: Path) -> None:
    """`inbox` holds request.json, the model and perhaps MLmodel and an example; what is found goes to `outbox`."""
    jail.stay_alone()
    request = json.loads((inbox / "request.json").read_bytes())
    watch = watching.Watch(outbox / findings.ATTEMPTS, [*request["libraries"], str(inbox), str(outbox)])
    found = Findings(opened_with=environment.libraries())
    try:
        _open(found, request, inbox, outbox, watch)
    except (Invalid, watching.Forbidden) as error:
        found.problem = str(getattr(error, "message", error))
    except MemoryError:
        found.problem = "It wanted more memory than it may use."
    except BaseException as error:  # foreign code raises what it likes
        found.problem = f"It could not be opened: {type(error).__name__}: {str(error)[:300]}"
    watch.is_on = False
    found.asked, found.attempts = watch.asked, [*watch.acts, *watch.looks]
    if watch.acts or (watch.looks and "PermissionError" in found.problem):
        found.problem = f"{found.attempts[0]}. A model does not do that."
    findings.write(found, outbox)
    sys.stdout.flush()
    os._exit(0)


def _open(found: Findings, request: dict[str, Any], inbox: Path, outbox: Path, watch: watching.Watch) -> None:
    told = _mlmodel(inbox)
    said = signatures.wanted(request["signature"]) if request["signature"] else signatures.of_mlmodel(told)
    found.signature_from = "the upload" if request["signature"] else "MLmodel" if said else "the model"
    found.written_with = _versions(told)
    path = inbox / request["model"]
    warnings.simplefilter("ignore")
    model = _loaded(found, request["format"], path, said, watch)
    _describe(found, model)
    if said is None and request["format"] in BOOSTERS:
        said = model.said()
    signature = signatures.completed(
        said, names=found.feature_names, n_features=found.n_features, classes=describing.classes_of(model),
        is_clusterer=describing.is_clusterer(model), known=describing.categories(model),
    )  # fmt: skip
    found.signature, found.classes = signature.to_json(), list(signature.classes)
    found.kind = (
        "clustering"
        if describing.is_clusterer(model)
        else "classification"
        if signature.classes
        else "regression"
    )
    native = parity.Native(model, signature)
    found.example = _example(found, request, inbox, native)
    _compile(found, native, request["format"], outbox, path.stat().st_size)
    if needs_approval(request["format"]):
        found.has_skops = skops_files.written(model, outbox / findings.MODEL, found.notes)


def _loaded(found: Findings, format: str, path: Path, said: Wanted | None, watch: watching.Watch) -> Any:
    if format == "onnx":
        reason = onnx_files.why_not()
        if reason:
            raise Invalid(f"ONNX files cannot be checked here: {reason}", field="file")
        model = onnx_files.OnnxModel(path, said.classes if said else ())
        found.written_with = model.versions
        found.opened_with = {**found.opened_with, **onnx_files.opened_with()}
        return model
    if format in BOOSTERS:
        booster = booster_files.load(path, format, said.classes if said else ())
        found.written_with, found.notes = booster.versions, booster.notes
        found.opened_with = {**found.opened_with, **booster.opened_with()}
        return booster
    watch.is_on = True
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        loaded = skops_files.load(path) if format == "skops" else watch.load(path)
    versions = {str(getattr(one.message, "original_sklearn_version", "")) for one in heard} - {""}
    found.written_with = {**({"scikit-learn": min(versions)} if versions else {}), **found.written_with}
    if versions:
        found.notes.append(
            f"It was written with scikit-learn {min(versions)}; figures may differ from those of then."
        )
    return describing.checked_model(loaded)


def _describe(found: Findings, model: Any) -> None:
    told_as = getattr(model, "told_as", "")
    found.estimator = told_as or describing.name_of(describing.last_of(model))
    found.steps = [] if told_as else describing.steps_of(model)
    found.feature_names = describing.feature_names(model)
    found.n_features = describing.n_features(model)


def _example(found: Findings, request: dict[str, Any], inbox: Path, native: Native) -> list[dict[str, Any]]:
    """Rows that the model answers: those given, those logged with it, or one that is made."""
    given = request["example"] or _logged_example(inbox, native.signature)
    if given:
        try:
            native.score(given[:MOST_EXAMPLE])
            return [{name: row[name] for name in row} for row in given[:MOST_EXAMPLE]]
        except Exception as error:
            if request["example"]:
                raise Invalid(
                    f"The model does not answer the input example: {str(error)[:300]}", field="input_example"
                ) from error
            found.notes.append(
                f"The input example was left out, for the model does not answer it: {str(error)[:200]}"
            )
    for row in gate_rows.rows(native.signature, (), n_rows=50):
        try:
            native.score([row])
            return [row]
        except Exception as error:
            last = error
    raise Invalid(
        f"The model answers no row of its signature: {str(last)[:300]}", field="signature"
    ) from last


def _compile(found: Findings, native: Native, format: str, outbox: Path, size: int) -> None:
    """The form that serves, if one passes the gate; it serves even where the model itself would be faster."""
    made = gate_rows.rows(native.signature, found.example)
    answers = parity.answers_of(native.score, made)
    rows = [row for row, answer in zip(made, answers, strict=True) if answer is not parity.RAISED]
    tried = [_onnx_candidate(native.pipeline)] if format == "onnx" else [candidates.CANDIDATES["numpy"]]
    if isinstance(native.pipeline, onnx_files.OnnxModel) and native.signature.classes:
        frame = native.signature.frame(rows, strict=True)
        if native.pipeline.labels_differ(frame):
            raise Invalid("The graph's labels are not its likeliest classes in order; give `classes` in the signature.",
                          field="signature")  # fmt: skip
    outcome = measuring.compile_best(native, rows, outbox, native_size=size, tried=tried)
    line = outcome.report["candidates"][1]
    form = outcome.form or (
        tried[0].make(native.pipeline, native.signature) if line["verdict"] == measuring.PASSED else None
    )
    told = {**outcome.report, "most_rows": None, "winner": tried[0].name if form else measuring.NATIVE,
            "precision": tried[0].precision}  # fmt: skip
    found.report = msgspec.convert(_finite(told), findings.Report, strict=False)
    if form is None:
        found.notes.append(
            f"It has no closed form that can serve: {line['reason'] or 'none passed the parity gate'}"
        )
        return
    storing.save(form, outbox / findings.FORM)
    found.has_form = True


def _onnx_candidate(model: onnx_files.OnnxModel) -> Candidate:
    known = candidates.CANDIDATES[f"onnx_{model.precision}"]
    make: Callable[[Any, Signature], Form] = onnx_files.form_of
    return candidates.Candidate(known.name, known.title, known.precision, make)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, list | tuple) else value


def _mlmodel(inbox: Path) -> dict[str, Any]:
    path = inbox / "MLmodel"
    if not path.is_file() or path.stat().st_size > MOST_TEXT:
        return {}
    try:
        found = yaml.safe_load(path.read_text("utf-8", "replace"))
    except (yaml.YAMLError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _versions(told: dict[str, Any]) -> dict[str, str]:
    flavors = told.get("flavors")
    flavors = flavors if isinstance(flavors, dict) else {}
    names = {"sklearn": ("sklearn_version", "scikit-learn"), "onnx": ("onnx_version", "onnx"),
             "python_function": ("python_version", "python")}  # fmt: skip
    found = {
        title: str(flavors[flavor][key])
        for flavor, (key, title) in names.items()
        if isinstance(flavors.get(flavor), dict) and flavors[flavor].get(key)
    }
    return {**found, **({"mlflow": str(told["mlflow_version"])} if told.get("mlflow_version") else {})}


def _logged_example(inbox: Path, signature: Signature) -> list[dict[str, Any]]:
    """The rows of MLflow's input_example.json; none for a shape that is not known."""
    path = inbox / "input_example.json"
    if not path.is_file() or path.stat().st_size > MOST_TEXT:
        return []
    try:
        told = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return []
    return rows_of(told, [field.name for field in signature.inputs])


def rows_of(told: Any, names: Sequence[str]) -> list[dict[str, Any]]:
    """Rows by name from a split frame, records, or plain rows in the order of the signature."""
    if isinstance(told, dict):
        told = told.get("dataframe_split") or told.get("dataframe_records") or told.get("inputs") or told
    if isinstance(told, dict) and isinstance(told.get("data"), list):
        names, told = told.get("columns") or names, told["data"]
    if not isinstance(told, list):
        return []
    found = [dict(row) if isinstance(row, dict) else dict(zip(map(str, names), row)) for row in told[:MOST_EXAMPLE]
             if isinstance(row, dict | list)]  # fmt: skip
    return [row for row in found if row]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
