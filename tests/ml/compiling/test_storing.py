"""Compiled files: what is written is read back the same; files that were tampered with are refused."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier

from mlregistry.errors import Invalid
from mlregistry.ml.compiling import compiler, converting, storing
from mlregistry.ml.compiling.building import build
from mlregistry.ml.compiling.forms import Form

X, Y = make_classification(120, 5, random_state=0)


@pytest.fixture(scope="module")
def forest() -> RandomForestClassifier:
    return RandomForestClassifier(8, random_state=0).fit(X, Y)


@pytest.fixture
def form(forest: RandomForestClassifier) -> Form:
    return compiler.form_of(forest, converting.PROBABILITIES)


def test_a_form_is_read_back_as_it_was(form: Form, forest: RandomForestClassifier, tmp_path: Path) -> None:
    storing.save(form, tmp_path / "a.npz")
    again = storing.load(tmp_path / "a.npz")
    assert np.array_equal(build(again)(X), forest.predict_proba(X))


def bare(form: Form) -> Form:
    return form.parts[-1] if form.op == "chain" else form


def tampered(form: Form, **arrays: Any) -> Form:
    found = bare(form)
    return Form(found.op, found.options, {**found.arrays, **arrays})


def first_inner(form: Form) -> int:
    left = bare(form).arrays["left"]
    return int(np.flatnonzero(left != np.arange(len(left)))[0])


@pytest.mark.parametrize("name", ["left", "feature", "slot", "roots"])
@pytest.mark.parametrize("value", [-1, 10**6])
def test_places_outside_are_refused(form: Form, name: str, value: int) -> None:
    values = bare(form).arrays[name].copy()
    values[0] = value
    with pytest.raises(Invalid):
        build(tampered(form, **{name: values}))


def test_nodes_in_a_circle_are_refused(form: Form) -> None:
    left = bare(form).arrays["left"].copy()
    place = first_inner(form)
    left[left[place]] = place
    with pytest.raises(Invalid, match="do not form trees"):
        build(tampered(form, left=left))


def test_arrays_of_other_lengths_or_kinds_are_refused(form: Form) -> None:
    arrays = bare(form).arrays
    for name, values in (
        ("feature", arrays["feature"][:-1]),
        ("threshold", arrays["threshold"].astype("U8")),
        ("values", arrays["values"] * np.nan),
        ("missing_right", arrays["missing_right"].astype(np.int8)),
    ):
        with pytest.raises(Invalid):
            build(tampered(form, **{name: values}))


def test_a_form_without_an_array_or_of_an_unknown_operation_is_refused() -> None:
    with pytest.raises(Invalid, match="lacks the array"):
        build(Form("affine"))
    with pytest.raises(Invalid, match="no operation"):
        build(Form("os.system"))


def test_nesting_without_end_is_refused() -> None:
    form = Form("same")
    for _ in range(40):
        form = Form("chain", parts=(form,))
    with pytest.raises(Invalid, match="nested too deep"):
        build(form)


def rewritten(path: Path, member: str, content: bytes) -> Path:
    """A copy of the file in which one member holds something else."""
    target = path.with_name("other.npz")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as made:
        for name in source.namelist():
            made.writestr(name, content if name == member else source.read(name))
    return target


def header(shape: tuple[int, ...], kind: str = "<f8") -> bytes:
    text = str({"descr": kind, "fortran_order": False, "shape": shape}).encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


@pytest.mark.parametrize(
    "content",
    [
        header((10**12,)),
        header((2,), "|O") + b"0" * 16,
        header((-5,)),
        header((4,)) + b"0" * 8,
        b"",
        b"\x93NUMPY\x09\x00",
    ],
)
def test_arrays_that_promise_more_than_they_hold_are_refused(
    form: Form, tmp_path: Path, content: bytes
) -> None:
    storing.save(form, tmp_path / "a.npz")
    with pytest.raises(Invalid):
        storing.load(rewritten(tmp_path / "a.npz", "0.npy", content))


@pytest.mark.parametrize(
    "content",
    [
        b"{", b"[]", b'{"format": 2, "form": {}}', b'{"format": 1, "form": null}',
        b'{"format": 1, "form": {"op": "same", "options": {}, "arrays": {"a": "none.npy"}, "parts": []}}',
        b'{"format": 1, "form": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)  # fmt: skip
def test_descriptions_that_are_none_are_refused(form: Form, tmp_path: Path, content: bytes) -> None:
    storing.save(form, tmp_path / "a.npz")
    with pytest.raises(Invalid):
        storing.load(rewritten(tmp_path / "a.npz", storing.FORM, content))


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"no archive")
    with pytest.raises(Invalid, match="no compiled model"):
        storing.load(tmp_path / "a.npz")
