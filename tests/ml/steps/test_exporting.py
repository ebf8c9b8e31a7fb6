"""A recipe as a Python file: run in a process without this package, its features are the same to the bit."""

import ast
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from mlregistry.errors import Invalid
from mlregistry.ml import tables
from mlregistry.ml.steps import compiling, exporting, parsing
from mlregistry.ml.steps.catalogue import KINDS, Making
from tests.ml.frames import classification_rows, mixed, wine

RUN = """
import sys
sys.path.insert(0, {folder!r})
import numpy as np
import pandas as pd
import recipe
frame = pd.read_pickle("table.pkl")
rows = recipe.training_rows(frame, recipe.TARGET)
pipeline = recipe.make_features()
fitted = pipeline.fit_transform(rows.drop(columns=recipe.TARGET), rows[recipe.TARGET].to_numpy())
np.savez("features.npz", fitted=fitted, served=pipeline.transform(frame.drop(columns=recipe.TARGET)),
         names=pipeline.get_feature_names_out().astype(str))
foreign = [name for name in sys.modules if name.split(".")[0] in ("mlregistry", "django", "experiments")]
assert not foreign, foreign
"""
AWKWARD = 'it\'s "odd"\n\\ \u2028 {x} \'\'\' """ %s'
ALL: list[dict[str, Any]] = [
    {"step": "duplicates"},
    {"step": "drop_rows", "columns": ["plan"]},
    {"step": "drop_useless"},
    {
        "step": "formula",
        "name": AWKWARD,
        "formula": "if(isnull(income), 0, income % 7) + len('it''s \"\"\"')",
    },
    {"step": "formula", "name": "late", "formula": "days_between(since, date('2024-01-01')) ** 0.5"},
    {"step": "aggregate", "by": ["plan"], "statistics": ["mean", "std", "count", "median", "min", "max"]},
    {"step": "lag", "columns": ["income"], "order": "since", "group": ["plan"], "short_history": "missing"},
    {
        "step": "rolling",
        "columns": ["age"],
        "order": "since",
        "statistics": ["mean", "std"],
        "short_history": "missing",
    },
    {"step": "bin", "columns": ["age"], "method": "k_means", "keep": True},
    {"step": "bin", "columns": ["age"], "method": "edges", "edges": [30, 50.5], "keep": True},
    {"step": "impute", "columns": ["income"], "method": "iterative", "indicator": True},
    {"step": "impute", "columns": ["age", AWKWARD], "method": "knn"},
    {"step": "impute", "columns": {"type": ["numeric", "boolean"]}, "method": "mean"},
    {"step": "clip", "columns": ["age"], "method": "sigma"},
    {"step": "dates", "cyclic": True},
    {"step": "text", "columns": ["note"]},
    {"step": "polynomial", "columns": ["age", "income"]},
    {"step": "scale", "columns": ["age"], "method": "power"},
    {"step": "scale", "columns": ["income"], "method": "quantile", "output": "normal"},
    {"step": "encode", "columns": ["plan"], "method": "target"},
    {"step": "convert", "columns": ["active"]},
    {"step": "encode", "method": "hash"},
    {"step": "keep", "columns": {"type": "all", "except": ["age^2"]}},
    {"step": "drop", "columns": ["age × income"]},
    {"step": "select", "method": "univariate", "n_features": 40},
]


def by_script(text: str, frame: pd.DataFrame, folder: Path) -> Any:
    (folder / "recipe.py").write_text(text, encoding="utf-8")
    (folder / "run.py").write_text(RUN.format(folder=str(folder)))
    frame.to_pickle(folder / "table.pkl")
    subprocess.run([sys.executable, "-I", "run.py"], cwd=folder, check=True, timeout=240)
    return np.load(folder / "features.npz")


def by_server(steps: tuple[parsing.Step, ...], frame: pd.DataFrame, target: str) -> tuple[Any, Any, Any]:
    rows = frame
    for step in steps:
        if step.on_rows:
            rows = rows[compiling.kept_rows(step, rows, target)]
    pipeline = Pipeline([*compiling.features(steps, Making()), ("estimator", None)])
    fitted = compiling.fit_features(pipeline, rows.drop(columns=target), rows[target].to_numpy())
    features = Pipeline(pipeline.steps[:-1])
    return fitted, features.transform(frame.drop(columns=target)), features.get_feature_names_out()


def test_features_of_every_step_are_the_same_to_the_bit(tmp_path: Path) -> None:
    assert {step["step"] for step in ALL} | {"encode"} == set(KINDS)
    frame = classification_rows(mixed(260)).assign(
        note=[f"note {place % 9} of a {place % 4} day" for place in range(260)]
    )
    frame = pd.concat([frame, frame.head(20)], ignore_index=True)
    steps = parsing.parse(ALL)
    found = by_script(exporting.to_python(steps, Making(), target="churn"), frame, tmp_path)
    fitted, served, names = by_server(steps, frame, "churn")
    assert found["names"].tolist() == names.tolist()
    assert found["fitted"].tobytes() == fitted.tobytes()
    assert found["served"].tobytes() == served.tobytes()


def test_a_bundled_table_gives_the_same_features_too(tmp_path: Path) -> None:
    steps = parsing.parse(
        [
            {"step": "clip"},
            {"step": "impute"},
            {"step": "polynomial", "columns": ["alcohol", "hue"]},
            {"step": "scale"},
        ]
    )
    found = by_script(exporting.to_python(steps, Making(), target="target"), wine(), tmp_path)
    fitted, served, _ = by_server(steps, wine(), "target")
    assert found["fitted"].tobytes() == fitted.tobytes()
    assert found["served"].tobytes() == served.tobytes()


def test_a_raw_csv_file_gives_the_features_of_the_version_made_of_it(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    text = pd.DataFrame(
        {
            "paid": [" ", "?", *(f"{one:.17g}" for one in chance.lognormal(5, 2, 118))],
            "code": [f"0{place % 7}" for place in range(120)],
            "plan": [f" {'abc'[place % 3]} " if place % 11 else "NA" for place in range(120)],
            "active": ["true" if place % 2 else "False" for place in range(120)],
            "since": [f"2024-0{place % 9 + 1}-1{place % 8}" for place in range(120)],
            "churn": ["no" if place % 3 else "yes" for place in range(120)],
        }
    )
    text.to_csv(tmp_path / "raw.csv", index=False)
    tables.convert(tmp_path / "raw.csv", "raw.csv", tmp_path / "table.parquet")
    steps = parsing.parse([{"step": "dates"}, {"step": "impute", "indicator": True}, {"step": "encode"}])
    fitted, _, names = by_server(steps, tables.load(tmp_path / "table.parquet"), "churn")
    (tmp_path / "recipe.py").write_text(exporting.to_python(steps, Making(), target="churn"))
    command = [sys.executable, "-I", "recipe.py", "raw.csv", "--out", "out.csv"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=120)
    found = pd.read_csv(tmp_path / "out.csv")
    assert list(found) == names.tolist()
    assert found.to_numpy(np.float64).tobytes() == np.asarray(fitted, np.float64).tobytes()


def test_the_file_runs_from_the_command_line(tmp_path: Path) -> None:
    text = exporting.to_python(
        parsing.parse([{"step": "scale"}]), Making(), target="target", features=["hue", "ash"]
    )
    (tmp_path / "recipe.py").write_text(text)
    wine().to_csv(tmp_path / "wine.csv", index=False)
    command = [sys.executable, "-I", "recipe.py", "wine.csv", "--out", "out.csv"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=120)
    assert list(pd.read_csv(tmp_path / "out.csv").columns) == ["hue", "ash"]


def test_text_of_users_stays_in_literals() -> None:
    evil = '"""\nimport os; os.system("true")\n"""'
    steps = parsing.parse(
        [
            {"step": "drop", "columns": [evil]},
            {"step": "impute", "method": "constant", "fill": evil},
            {"step": "encode", "columns": [evil + "'"], "method": "ordinal", "order": [evil]},
        ]
    )
    tree = ast.parse(exporting.to_python(steps, Making(), target=evil, features=[evil + "\r"]))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert "os" not in imported
    assert evil in {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}


def all_modules() -> list[Any]:
    parts = [part for _, part in compiling.features(parsing.parse(ALL), Making())]
    return exporting.modules_of(parts, on_rows=True)


def test_no_two_modules_that_are_put_together_define_the_same_name() -> None:
    names = Counter(name for module in all_modules() for name in exporting.names_in(module))
    assert [name for name, count in names.items() if count > 1] == []


def test_modules_come_after_what_they_build_on() -> None:
    seen: set[str] = set()
    for module in all_modules():
        assert set(exporting.imported_of_ours(module)) <= seen, module.__name__
        seen.add(module.__name__)
    assert {"mlregistry.ml.steps.history", "mlregistry.lib.formulas.parser"} <= seen


def test_a_module_that_would_clash_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "names_in", lambda module: {"the_same"})
    with pytest.raises(Invalid, match="cannot be written as Python yet"):
        exporting.to_python(parsing.parse(ALL), Making(), target="churn")
