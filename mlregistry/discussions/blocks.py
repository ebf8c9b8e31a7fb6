"""Live blocks of write-ups: apps above describe them, settings.WRITEUP_BLOCKS names them, this reads and draws them.

A block is a fence named mlregistry with lines “field: value”, of which one is the kind. What is wrong with one is
said in its place; the rest of the write-up stands.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.conf import settings
from django.db import DataError, transaction
from django.template.loader import render_to_string
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString, mark_safe

from mlregistry.accounts.actor import Actor
from mlregistry.errors import Invalid, MlregistryError

MOST_BLOCKS = 20
LONGEST_BLOCK = 4_000
TEMPLATE = "discussions/block.html"


@dataclass(frozen=True)
class Field:
    """One parameter; `example` is what the insert menu writes when nothing is chosen."""

    name: str
    title: str
    help: str
    is_required: bool = False
    example: str = ""


@dataclass(frozen=True)
class Cell:
    """Of a table: text, and where it leads."""

    text: str
    address: str = ""
    is_number: bool = False


@dataclass(frozen=True)
class Drawn:
    """What a block shows: any of figures (label, value), a chart for charts.js, and a table."""

    title: str
    address: str = ""
    note: str = ""
    figures: list[tuple[str, str]] = field(default_factory=list)
    chart: dict[str, Any] | None = None
    columns: list[tuple[str, bool]] = field(default_factory=list)
    rows: list[list[Cell]] = field(default_factory=list)


@dataclass(frozen=True)
class Block:
    """`draw` takes the actor and the parameters, of which unknown ones were refused; it reads a bounded amount."""

    kind: str
    title: str
    fields: tuple[Field, ...]
    draw: Callable[[Actor, Mapping[str, str]], Drawn]


def blocks() -> Mapping[str, Block]:
    return _table(tuple(settings.WRITEUP_BLOCKS))


@cache
def _table(paths: tuple[str, ...]) -> Mapping[str, Block]:
    found: list[Block] = [import_string(path) for path in paths]
    return {block.kind: block for block in found}


def parsed(text: str) -> tuple[Block, dict[str, str]]:
    """The block and its parameters; Invalid says which line or field is wrong."""
    if len(text) > LONGEST_BLOCK:
        raise Invalid(f"A block has at most {LONGEST_BLOCK:,} characters.")
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, colon, value = line.partition(":")
        if not line.strip():
            continue
        if not colon or not name.strip():
            raise Invalid(f"Line {number} of the block is no “field: value”.")
        if name.strip() in values:
            raise Invalid(f"The block names “{name.strip()[:60]}” twice.")
        values[name.strip()] = value.strip()
    kind = values.pop("kind", "")
    if kind not in blocks():
        raise Invalid(f"The kind of a block is one of {', '.join(blocks())}.", field="kind")
    _check(blocks()[kind], values)
    return blocks()[kind], values


def _check(block: Block, values: Mapping[str, str]) -> None:
    known = [one.name for one in block.fields]
    if unknown := [name for name in values if name not in known]:
        raise Invalid(f"A {block.kind} has no field “{unknown[0][:60]}”; it has {', '.join(known)}.")
    for one in block.fields:
        if one.is_required and not values.get(one.name):
            raise Invalid(f"A {block.kind} needs the field “{one.name}”: {one.help}", field=one.name)


def drawer(by: Actor) -> Callable[[str, int], SafeString]:
    """Draws blocks as HTML, numbered from 0; more than 20 are refused in their places."""

    def draw(text: str, number: int) -> SafeString:
        context: dict[str, Any] = {"number": number, "name": f"block-{number}"}
        try:
            if number >= MOST_BLOCKS:
                raise Invalid(f"A write-up draws at most {MOST_BLOCKS} blocks.")
            context["drawn"] = drawn(text, by)
        except MlregistryError as error:
            context["error"] = error.message
        return mark_safe(render_to_string(TEMPLATE, context).strip())  # noqa: S308  # made by our template

    return draw


def drawn(text: str, by: Actor) -> Drawn:
    """What one block shows; errors say what to change."""
    block, values = parsed(text)
    try:
        with transaction.atomic():  # what the database refuses is this block's alone
            return block.draw(by, values)
    except DataError as error:
        raise Invalid("A value of the block cannot be looked up.") from error
