"""A trained run as a Python script that reads its data, trains and prints the same metrics. Called by queries.

Text of users stands in literals only. The code is that of the server, so the figures are the same to the last bit.
"""

from __future__ import annotations

import functools
import pprint
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any

from sklearn.utils import get_tags

from mlregistry.errors import Invalid
from mlregistry.ml import estimators
from mlregistry.ml.adjusting import Adjusted
from mlregistry.ml.boosting import packages
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.recipes import Recipe
from mlregistry.ml.recommendation.estimators import NEED_EXTRA
from mlregistry.ml.scripts.bundling import Bundle
from mlregistry.ml.steps import compiling, exporting
from mlregistry.ml.steps.catalogue import Making
from mlregistry.ml.supervised.adjusting import CHOSEN_FOR
from mlregistry.ml.training_steps import looks_back

HERE = "mlregistry.ml.scripts"
READING = f"{HERE}.reading"
BODIES = {
    "classification": f"{HERE}.supervised", "regression": f"{HERE}.supervised", "clustering": f"{HERE}.clustering",
    "recommendation": f"{HERE}.recommendation",
}  # fmt: skip
ALWAYS = ("numpy", "pandas", "scikit-learn", "scipy", "joblib", "threadpoolctl", "duckdb")
HEAD = '''"""Trains a run of mlregistry again and prints its metrics, the same to the last bit.

    python {name} table.parquet

The table is the dataset version of the run, downloaded as Parquet; DATA names it, and its rows are checked by their
digest. For the last bits it takes the libraries listed above and a processor of the same kind. What a person may want
to change stands first; the code that it needs stands below.
"""'''
RULE = "# " + "-" * 100
BELOW = f"{RULE}\n# What the functions above need: steps, splits and metrics as the server has them.\n{RULE}"


@dataclass(frozen=True)
class Script:
    """What is to be written: `columns` are those of the table, `libraries` the versions that the run was made with."""

    name: str
    data: str
    spec: ProblemSpec
    recipe: Recipe
    columns: Sequence[str]
    table_digest: str
    libraries: Mapping[str, str]
    threads: Mapping[str, int]


def to_script(wanted: Script) -> str:
    """The file's text; Invalid when a part of the recipe comes from a package that cannot be written out."""
    body = BODIES[wanted.spec.kind]
    settings, choices = _settings(wanted)
    given = frozenset({*settings, "make_pipeline", "make_recommender"})
    bundle = Bundle((READING, body), choices, given, {(READING, "train"): (body, "train")})
    maker, needed = _maker(wanted, bundle)
    bundle.reach([(READING, "main"), *needed])
    above = bundle.write(readable=True)
    below = bundle.write(readable=False)
    used = {name: value for name, value in settings.items() if re.search(rf"\b{name}\b", above)}
    pieces = [
        _requirements(wanted, bundle),
        HEAD.format(name=wanted.name),
        "from __future__ import annotations\n",
        _imports(bundle),
        "\n".join(_constant(name, value) for name, value in used.items()),
        above,
        maker,
        BELOW,
        below,
        'if __name__ == "__main__":\n    main()\n',
    ]
    return "\n\n\n".join(piece.strip("\n") for piece in pieces) + "\n"


def listed(script: str) -> list[str]:
    """The requirements in the head of a script."""
    return re.findall(r'(?m)^#     "([^"]+)",$', script.partition("# ]")[0])


def requirements(wanted: Script, imports: Sequence[str]) -> list[str]:
    """Each distribution that the script imports, and those that its figures depend on, pinned."""
    brought = _brought()
    modules = {line.split()[1].partition(".")[0] for line in imports}
    names = {brought[module][0] for module in modules if module in brought} | set(ALWAYS)
    if wanted.spec.kind == "recommendation" and wanted.recipe.estimator in NEED_EXTRA:
        names.add("implicit")  # its classes are imported when they are needed
    names |= packages.distributions(wanted.recipe.estimator, wanted.recipe.params)
    return sorted(f"{name}=={wanted.libraries.get(name) or metadata.version(name)}" for name in names)


@functools.cache
def _brought() -> Mapping[str, list[str]]:
    """The distributions of each module that can be imported; to look through all files takes half a second."""
    return metadata.packages_distributions()


def _requirements(wanted: Script, bundle: Bundle) -> str:
    """Inline metadata of a script (PEP 723)."""
    python = wanted.libraries.get("python") or ".".join(map(str, sys.version_info[:3]))
    lines = [f'#     "{line}",' for line in requirements(wanted, list(bundle.imports.values()))]
    minor = ".".join(python.split(".")[:2])
    return "\n".join(
        ["# /// script", f'# requires-python = "=={minor}.*"', "# dependencies = [", *lines, "# ]", "# ///"]
    )


def _imports(bundle: Bundle) -> str:
    """Those of Python first; names of one module together."""
    modules = sorted(line for line in bundle.imports.values() if line.startswith("import "))
    by_module: dict[str, list[str]] = {}
    for line in bundle.imports.values():
        if line.startswith("from "):
            _, module, _, names = line.split(" ", 3)
            by_module.setdefault(module, []).append(names)
    lines = [
        *modules,
        *(f"from {name} import {', '.join(sorted(by_module[name]))}" for name in sorted(by_module)),
    ]
    own = [line for line in lines if line.split()[1].partition(".")[0] in sys.stdlib_module_names]
    first = [line for line in lines if "enable_iterative_imputer" in line]
    others = [line for line in lines if line not in own and line not in first]
    return "\n".join([*own, "", *first, *others])


def _constant(name: str, value: Any) -> str:
    return f"{name} = {pprint.pformat(value, width=110, sort_dicts=False)}"


def _settings(wanted: Script) -> tuple[dict[str, Any], dict[str, bool]]:
    """The constants that the body is read with, and which branches of it are taken."""
    spec, recipe = wanted.spec, wanted.recipe
    one_thread = spec.kind in ("clustering", "recommendation")
    shared = {
        "DATA": wanted.data,
        "TABLE_DIGEST": wanted.table_digest,
        "THREADS": {"blas": 1, "openmp": 1} if one_thread else dict(wanted.threads),
        "SEED": recipe.seed,
        "SPLIT": asdict(recipe.split),
    }
    if spec.kind == "recommendation":
        user, item = spec.granularity
        names = {"USER": user, "ITEM": item, "RATING": spec.target, "TIME": spec.time_column}
        return {**shared, **names}, {"HAS_RATINGS": bool(spec.target)}
    repeats = [step.columns for step in recipe.all_steps if step.kind == "duplicates"]
    gaps = [(step.columns, step.options["which"]) for step in recipe.all_steps if step.kind == "drop_rows"]
    columns = {
        "FEATURES": spec.feature_names(list(wanted.columns)), "REPEATED_IN": repeats, "GAPS_IN": gaps,
    }  # fmt: skip
    choices = {"DROPS_REPEATS": bool(repeats), "DROPS_GAPS": bool(gaps)}
    if spec.kind == "clustering":
        groups = {"HAS_GROUPS": bool(spec.target)}
        return {**shared, **columns, "KNOWN_GROUPS": spec.target}, {**choices, **groups}
    supervised = {
        "KIND": spec.kind, "TARGET": spec.target, "FOLDS": recipe.folds, "REPEATS": recipe.repeats,
        "CALIBRATION": recipe.calibration,
        "CHOSEN_FOR": CHOSEN_FOR.get(spec.primary_metric, "balanced_accuracy"),
    }  # fmt: skip
    return {**shared, **columns, **supervised}, {**choices, **_supervised_choices(wanted)}


def _supervised_choices(wanted: Script) -> dict[str, bool]:
    recipe = wanted.recipe
    steps = compiling.pipeline(recipe.all_steps, Making(wanted.spec.kind, recipe.seed), _estimator(wanted))
    return {
        "IS_CLASSIFICATION": wanted.spec.kind == "classification",
        "HAS_QUANTILES": hasattr(steps.steps[-1][1], "predict_quantiles"),
        "HAS_FOLDS": bool(recipe.folds),
        "IS_ADJUSTED": recipe.adjusted,
        "IS_CALIBRATED": recipe.calibration != "none",
        "IS_TUNED": recipe.threshold == "tuned",
        "LOOKS_BACK": looks_back(steps),
        "BY_GROUP": bool(recipe.split.group),
    }


def _estimator(wanted: Script) -> Any:
    recipe = wanted.recipe
    made: Any = estimators.make(wanted.spec.kind, recipe.estimator, recipe.params, seed=recipe.seed)
    return Adjusted(made) if recipe.adjusted else made


def _maker(wanted: Script, bundle: Bundle) -> tuple[str, list[tuple[str, str]]]:
    """The function that makes the pipeline or the recommender, and the classes of ours that it names."""
    made = _estimator(wanted)
    imports: set[str] = set()
    ours: set[tuple[str, str]] = set()
    if wanted.spec.kind == "recommendation":
        ours.add((type(made).__module__, type(made).__name__))
        text = f"def make_recommender() -> Any:\n    return {_recommender(made)}\n"
        return text, sorted(ours)
    kind, recipe = wanted.spec.kind, wanted.recipe
    gaps = bool(get_tags(made).input_tags.allow_nan)
    parts = [*compiling.features(recipe.all_steps, Making(kind, recipe.seed), gaps=gaps), ("estimator", made)]
    lines = [f"            ({name!r}, {exporting.expression(part, imports, ours)})," for name, part in parts]
    for line in sorted(imports):
        bundle.add_import(line)
    bundle.add_import("from sklearn.pipeline import Pipeline")
    head = 'def make_pipeline() -> Pipeline:\n    """From the raw columns to predictions, unfitted."""\n'
    return head + "    return Pipeline(\n        [\n" + "\n".join(lines) + "\n        ]\n    )\n", sorted(
        ours
    )


def _recommender(made: Any) -> str:
    """Those that share a base keep their params in one mapping, the others as attributes."""
    if not type(made).__module__.startswith("mlregistry."):
        raise Invalid("A recommender of another package cannot be written as a script.", field="estimator")
    given = dict(vars(made))
    given |= given.pop("params", {})
    return f"{type(made).__name__}({', '.join(f'{name}={value!r}' for name, value in given.items())})"
