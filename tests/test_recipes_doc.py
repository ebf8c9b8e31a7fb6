"""What docs/recipes.md says is so: its steps and formulas are checked, its table is the catalogue's."""

import json
import re
from pathlib import Path

import pytest

from mlregistry.errors import Invalid
from mlregistry.lib import formulas
from mlregistry.ml import recipes
from mlregistry.ml.steps import parsing
from mlregistry.ml.steps.catalogue import KINDS

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "recipes.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def blocks(kind: str) -> list[str]:
    return [text for name, text in BLOCKS if name == kind]


def lines(kind: str) -> list[str]:
    return [line for text in blocks(kind) for line in text.splitlines()]


def test_the_recipes_on_the_page_are_valid() -> None:
    assert [parsing.parse(json.loads(text)) for text in blocks("steps")]
    assert [recipes.parse(json.loads(text)) for text in blocks("recipe")]


@pytest.mark.parametrize("formula", lines("formulas"))
def test_a_formula_on_the_page_can_be_read(formula: str) -> None:
    assert formulas.parse(formula)


@pytest.mark.parametrize("formula", lines("refused"))
def test_what_the_page_calls_refused_is(formula: str) -> None:
    with pytest.raises(Invalid):
        formulas.parse(formula)


def test_the_page_names_every_step_option_and_function() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    named = {kind for row in rows for kind in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert named == set(KINDS)
    words = set(re.findall(r"`(\w+)`", PAGE))
    assert {option.name for kind in KINDS.values() for option in kind.options} <= words
    assert set(formulas.FUNCTIONS) <= words
