"""What an answer costs is told by the form that will serve: the compiled one, unless there is none or it is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mlregistry.ml.compiling import compiler
from mlregistry.ml.compiling.forms import Unsupported
from mlregistry.ml.compiling.parity import Native
from mlregistry.ml.ensembling import pricing
from tests.ml.compiling.models import mixed, trained

MEMBERS = [{"estimator": "logistic_regression"}, {"estimator": "decision_tree"}]


@pytest.fixture(scope="module")
def ensemble() -> Native:
    return trained("ensemble", {"members": MEMBERS})


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that each measurement finds: a native request and batch, then compiled ones."""
    seconds = [0.008, 0.04, 0.002, 0.01]

    def least(call: Callable[[], Any]) -> float:
        call()
        return seconds.pop(0)

    monkeypatch.setattr(pricing, "BATCH", 50)
    monkeypatch.setattr(pricing, "_least", least)
    return seconds


def priced(native: Native) -> pricing.Price:
    names = [field.name for field in native.signature.inputs]
    return pricing.price(native.pipeline, native.signature, mixed()[names].head(5))


def test_an_ensemble_is_priced_by_its_compiled_form(ensemble: Native) -> None:
    assert priced(ensemble) == pricing.Price(2.0, 0.2, pricing.COMPILED)


def test_a_form_that_is_slower_for_a_request_is_no_price_of_it(ensemble: Native, clock: list[float]) -> None:
    clock[2] = 0.009
    assert priced(ensemble) == pricing.Price(8.0, 0.2, pricing.NATIVE)


def test_a_model_without_a_form_is_priced_as_it_is(ensemble: Native, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pipeline: Any, signature: Any) -> Any:
        raise Unsupported("it has none")

    monkeypatch.setattr(compiler, "compile_model", refuse)
    assert priced(ensemble) == pricing.Price(8.0, 0.8, pricing.NATIVE)


def test_a_form_that_answers_otherwise_is_no_price(ensemble: Native, monkeypatch: pytest.MonkeyPatch) -> None:
    other = trained("logistic_regression")
    real = compiler.compile_model
    monkeypatch.setattr(
        compiler, "compile_model", lambda pipeline, signature: real(other.pipeline, signature)
    )
    assert priced(ensemble) == pricing.Price(8.0, 0.8, pricing.NATIVE)
