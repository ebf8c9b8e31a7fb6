"""Smaller families of the catalogue in the model's place, on the same rows and split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mlregistry.ml.estimators import CATALOGUE
from mlregistry.ml.optimising.methods import SMALL
from mlregistry.ml.optimising.subject import Made, Subject
from mlregistry.ml.recipes import check_estimator


def replace_model(subject: Subject) -> Iterator[Made]:
    """One candidate per small family that the model is not of, by the catalogue's own params."""
    names = [name for name in SMALL[subject.kind] if name != subject.recipe.estimator]
    for place, name in enumerate(names):
        title = CATALOGUE[subject.kind][name].title
        subject.work.report(place / len(names), f"Training {title.lower()}")
        plain = replace(subject.recipe, estimator=name, params={}, folds=0, repeats=1)
        recipe = check_estimator(plain, subject.kind)
        yield Made(
            "replace",
            title,
            subject.train(recipe, subject.parts.train),
            f"A {title.lower()} by the catalogue's params, trained on the same rows.",
            recipe,
        )
