"""What the tests of a version look at: its model, its own rows and split, its champion. Their job calls it."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from experiments.queries.datasets import local_paths, newest
from experiments.queries.provenance import spec_for
from mlregistry.artifacts import store
from mlregistry.artifacts.models import StoredFile
from mlregistry.errors import Invalid, MlregistryError
from mlregistry.ml import packaging, table_sample, tables
from mlregistry.ml.clustering import training as clustering
from mlregistry.ml.compiling import storing
from mlregistry.ml.compiling.alone import FormAlone
from mlregistry.ml.compiling.parity import TOLERANCES
from mlregistry.ml.compiling.scoring import CompiledModel
from mlregistry.ml.model_tests import check, expectations, limits
from mlregistry.ml.model_tests.subject import MOST_ROWS, SEED, Data, Rival, Subject
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.recipes import Recipe, parse
from mlregistry.ml.signature import Signature
from mlregistry.ml.supervised import table
from mlregistry.ml.supervised.table import SUPERVISED
from models_app.models import Alias, Compilation, ModelFile, ModelGate, ModelVersion
from models_app.queries import model_tests as queries

MOST_NEWEST = 5_000
T = TypeVar("T")


def subject_of(version: ModelVersion, gate: ModelGate) -> tuple[Subject, ModelVersion | None]:
    """The subject, and the version that it is compared with."""
    signature = Signature.from_json(version.served_signature)
    missing: dict[str, str] = {}
    ready = Ready()
    spec, recipe = _training(version, missing)
    if spec is not None and recipe is not None:
        ready = _noted(missing, check.DATA, partial(_read, version, spec, recipe, signature), Ready())
    champion = _champion(version, gate, missing)
    rival = None if champion is None else _noted(missing, check.CHAMPION, partial(_rival, champion), None)
    compiled, tolerance = _compiled(version, signature, missing)
    model, files = _model(version, compiled)
    if isinstance(model, FormAlone):
        compiled, missing[check.COMPILED] = (
            None,
            "It is served by its closed form alone, which is what is tested.",
        )
    subject = Subject(
        model, signature, spec, version.input_example or (), version.metrics, ready.data, ready.frame,
        newest=_noted(missing, check.NEWEST, partial(_newest, version, signature), None), rival=rival,
        compiled=compiled, compiled_tolerance=tolerance, file_bytes=max(stored.size for stored, _ in files.values()),
        reloads={name: reopen for name, (_, reopen) in files.items()},
        declared=expectations.parse(list(gate.expectations)), bounds=limits.bounds(gate.limits),
        missing=missing,
    )  # fmt: skip
    return subject, champion


class Ready:
    """Rows of the inputs, and for supervised kinds the table with its split."""

    def __init__(self, frame: pd.DataFrame | None = None, data: Data | None = None) -> None:
        self.frame, self.data = frame, data


def _model(
    version: ModelVersion, compiled: CompiledModel | None
) -> tuple[Any, dict[str, tuple[StoredFile, Callable[[], Any]]]]:
    """The model, and its stored forms by name, each with what opens it anew; from outside, its closed form."""
    files = list(queries.openable(version))
    if files:
        return opened(files[0]), {file.format: (file.file, partial(opened, file)) for file in files}
    form = queries.form_alone(version)
    if form is None or form.file is None or compiled is None:
        raise Invalid("The version has nothing that this server may open.")
    reopen = partial(_alone, form.file, compiled.signature)
    return FormAlone(compiled), {"compiled": (form.file, reopen)}


def _alone(stored: StoredFile, signature: Signature) -> FormAlone:
    return FormAlone(_read_form(stored, signature))


def opened(file: ModelFile) -> Any:
    """The model of a stored file, by its checksum; only files that `openable` offers are given here."""
    known = packaging.ModelFile(file.format, packaging.NAMES[file.format], file.file.size, file.file.sha256)
    with copied(file.file, known.name) as folder:
        return packaging.load(folder, known)


@contextmanager
def copied(stored: StoredFile, name: str) -> Iterator[Path]:
    """A folder with the stored file under this name."""
    with tempfile.TemporaryDirectory(prefix="testing-") as folder, store.local_path(stored) as path:
        shutil.copyfile(path, Path(folder) / name)
        yield Path(folder)


def _noted(missing: dict[str, str], need: str, make: Callable[[], T], instead: T) -> T:
    """What `make` gives; where it cannot, the reason is noted and the tests that need it are skipped."""
    try:
        return make()
    except MlregistryError as error:
        missing[need] = error.message
    except (KeyError, ValueError, OSError) as error:
        missing[need] = f"It could not be read: {type(error).__name__}: {error}"[:300]
    return instead


def _training(version: ModelVersion, missing: dict[str, str]) -> tuple[ProblemSpec | None, Recipe | None]:
    """Problem and recipe of the version's training, where it was one of ours."""
    run = version.run
    if run is None or run.dataset_version is None or not run.recipe:
        missing[check.DATA] = "The version was not trained here, so its test rows are not known."
        return None, None
    spec = spec_for(run)
    if spec is None:
        missing[check.DATA] = "The problem of the version's run was deleted."
        return None, None
    recipe = run.recipe
    return spec, _noted(missing, check.DATA, lambda: parse(recipe, kind=spec.kind), None)


def _read(version: ModelVersion, spec: ProblemSpec, recipe: Recipe, signature: Signature) -> Ready:
    assert version.run is not None  # noqa: S101  # _training saw to it
    assert version.run.dataset_version is not None  # noqa: S101  # its caller looked
    with local_paths(version.run.dataset_version) as paths:
        frame = tables.load(paths)
    if spec.kind in SUPERVISED:
        work = table.prepare(spec, recipe, frame, _silent)
        parts = table.part(work)
        return Ready(work.frame.iloc[_some(parts.test)], Data(work, parts))
    if spec.kind == "clustering":
        features, _ = clustering.columns(spec, frame)
        frame = frame.reset_index(drop=True)
        return Ready(frame.iloc[_some(clustering.part(recipe, frame, features).test)])
    names = [one.name for one in signature.inputs]
    return Ready(frame[names].dropna().drop_duplicates().head(MOST_ROWS))


def _silent(fraction: float, message: str) -> None:
    """Preparing the table is a small part of the job."""


def _some(places: Any) -> Any:
    """At most a thousand of them, from all over."""
    if len(places) <= MOST_ROWS:
        return places
    return np.sort(np.random.default_rng(SEED).choice(places, MOST_ROWS, replace=False))


def _champion(version: ModelVersion, gate: ModelGate, missing: dict[str, str]) -> ModelVersion | None:
    """Who holds the first of the guarded aliases that is set."""
    held = {
        row.name.lower(): row.version
        for row in Alias.objects.filter(model=version.model).select_related("version__model")
    }
    found = next((held[name.lower()] for name in gate.aliases if name.lower() in held), None)
    if found is None:
        missing[check.CHAMPION] = "No guarded alias points at a version yet."
    elif found.pk == version.pk:
        missing[check.CHAMPION] = "It is the champion itself."
        return None
    return found


def _rival(champion: ModelVersion) -> Rival:
    if champion.signature is None:
        raise Invalid(f"{champion} has no signature.")
    signature = Signature.from_json(champion.served_signature)
    compiled, _ = _compiled(champion, signature, {})
    return Rival(str(champion), _model(champion, compiled)[0], signature)


def _compiled(
    version: ModelVersion, signature: Signature, missing: dict[str, str]
) -> tuple[CompiledModel | None, float]:
    found = Compilation.objects.select_related("file").filter(version=version).first()
    if found is None or found.file is None or not found.report:
        missing[check.COMPILED] = "The native model serves; there is no compiled form."
        return None, TOLERANCES["float64"]
    stored = found.file
    precision = {one["name"]: one.get("precision", "") for one in found.report.get("candidates", [])}
    winner = str(found.report["winner"])
    tolerance = TOLERANCES["float32" if "32" in (precision.get(winner) or winner) else "float64"]

    return _noted(missing, check.COMPILED, partial(_read_form, stored, signature), None), tolerance


def _read_form(stored: StoredFile, signature: Signature) -> CompiledModel:
    with copied(stored, "compiled.npz") as folder:
        return CompiledModel(storing.load(folder / "compiled.npz"), signature)


def _newest(version: ModelVersion, signature: Signature) -> pd.DataFrame:
    """Rows of the newest version of the data, of the inputs that it has."""
    own = version.run.dataset_version if version.run is not None else None
    if own is None:
        raise Invalid("The version's data are not known.")
    found = newest(own.dataset)
    if found is None or found.pk == own.pk:
        raise Invalid("There is no newer version of the data.")
    known = [column["name"] for column in found.columns]
    names = [one.name for one in signature.inputs if one.name in known]
    with local_paths(found) as paths:
        return table_sample.sample(paths, names, n_rows=MOST_NEWEST, of=found.n_rows)
