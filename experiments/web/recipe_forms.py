"""The recipe editor's form: from fields to a draft of steps and back. `recipes` calls it.

A draft is a list of steps as JSON that may still be wrong: the form shows it again with what is said about it.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import QueryDict

from mlregistry.ml.steps.catalogue import KINDS, Kind
from mlregistry.ml.steps.options import Option
from mlregistry.ml.steps.parsing import MOST_STEPS

from . import recipe_words

Draft = list[dict[str, Any]]
NAMES = "names"
MODES = (
    (NAMES, "These columns"), ("all", "All columns"), ("numeric", "Numbers"),
    ("numeric boolean", "Numbers and booleans"), ("boolean", "Booleans"),
    ("categorical", "Categories"), ("categorical text", "Categories and texts"),
    ("text", "Texts"), ("datetime", "Times"),
)  # fmt: skip
MOST_BOXES = 60
LISTED = 3
BY_LINES = ("names", "texts")
BY_COMMAS = ("edges", "wholes")


def read(form: QueryDict) -> Draft:
    """The draft in the form; numbers that are none stay text, and the check says so."""
    draft: Draft = []
    for place in range(MOST_STEPS + 1):
        kind = KINDS.get(form.get(f"{place}.step", ""))
        if kind is None:
            break
        step: dict[str, Any] = {"step": kind.name}
        if kind.needed or kind.columns is not None:
            step["columns"] = _columns(form, f"{place}.columns")
        for option in kind.options:
            step[option.name] = _option(form, option, f"{place}.{option.name}")
        draft.append(step)
    return change(draft, form.get("do", ""), form.get("add", ""), form.get("at", ""))


def change(draft: Draft, wish: str, kind: str, at: str = "") -> Draft:
    """The draft after `add` (before the step `at`, or last), `up:2`, `down:2`, `remove:2`; anything else leaves it."""
    verb, _, number = wish.partition(":")
    if verb == "add" and kind in KINDS and len(draft) < MOST_STEPS:
        to = new_place(draft, at)
        return [*draft[:to], new_step(KINDS[kind]), *draft[to:]]
    place = _place(number)
    if not 0 <= place < len(draft):
        return draft
    rest = [*draft[:place], *draft[place + 1 :]]
    if verb == "remove":
        return rest
    to = {"up": max(0, place - 1), "down": place + 1}.get(verb, place)
    return [*rest[:to], draft[place], *rest[to:]]


def new_place(draft: Draft, at: str) -> int:
    """Where an added step goes."""
    place = _place(at)
    return place if 0 <= place < len(draft) else len(draft)


def _place(number: str) -> int:
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 4 else -1


def new_step(kind: Kind) -> dict[str, Any]:
    """A step with the defaults of its kind."""
    columns = {} if kind.columns is None and not kind.needed else {"columns": kind.columns or []}
    options = {option.name: _plain(option.default) for option in kind.options}
    return {"step": kind.name, **columns, **options}


def fields(draft: Draft, known: Sequence[Iterable[str]]) -> list[dict[str, Any]]:
    """What the template shows per step; `known` are the columns that each step finds."""
    return [_card(place, step, list(known[place])) for place, step in enumerate(draft)]


def _card(place: int, step: dict[str, Any], known: list[str]) -> dict[str, Any]:
    kind = KINDS[step["step"]]
    options = [
        _field(option, f"{place}.{option.name}", step.get(option.name), known)
        for option in kind.options
        if not option.methods or _way(step) in option.methods
    ]
    hidden = [
        (f"{place}.{option.name}", _text(step.get(option.name)))
        for option in kind.options
        if option.methods and _way(step) not in option.methods
    ]
    columns = _chooser(f"{place}.columns", step["columns"], known) if "columns" in step else None
    return {
        "place": place,
        "kind": kind,
        "columns": columns,
        "options": options,
        "hidden": hidden,
        "on_rows": kind.make is None,
    }


def _way(step: dict[str, Any]) -> Any:
    """What decides which options a step has."""
    return step.get("method", step.get("to"))


def _chooser(name: str, columns: Any, known: list[str]) -> dict[str, Any]:
    if isinstance(columns, dict):
        type = columns.get("type", "all")
        mode, ticked = type if isinstance(type, str) else " ".join(type), columns.get("except") or []
    else:
        mode, ticked = NAMES, columns or []
    modes = MODES if any(mode == key for key, _ in MODES) else (*MODES, (mode, mode.replace(" ", ", ")))
    label = "Chosen" if mode == NAMES else "Except"
    return {"name": name, "mode": mode, "modes": modes, "label": label, **_boxes(ticked, known)}


def _boxes(ticked: Iterable[str], known: list[str]) -> dict[str, Any]:
    """Check boxes for few columns, lines of text for many."""
    chosen = list(ticked)
    names = list(dict.fromkeys([*known, *chosen]))
    boxes = [(name, name in chosen) for name in names] if len(names) <= MOST_BOXES else []
    return {"boxes": boxes, "lines": "\n".join(chosen), "n_chosen": len(chosen), "chosen": _list(chosen)}


def _list(names: list[str]) -> str:
    shown = ", ".join(names[:LISTED])
    return f"{shown} and {len(names) - LISTED} more" if len(names) > LISTED else shown or "none"


def _field(option: Option, name: str, value: Any, known: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "option": option, "type": option.type, "value": _text(value)}
    if option.type == "names":
        return found | _boxes(value or [], known)
    if option.type == "choices":
        return found | {"boxes": [(word, word in (value or [])) for word in option.choices]}
    if option.type == "switch":
        return found | {"on": bool(value)}
    return found | {"choices": [(word, recipe_words.title(word)) for word in option.choices], "known": known}


def _columns(form: QueryDict, name: str) -> Any:
    mode, ticked = form.get(f"{name}.mode", NAMES), _names(form, name)
    if mode == NAMES:
        return ticked
    types = mode.split()
    found: dict[str, Any] = {"type": types[0] if len(types) == 1 else types}
    return found | ({"except": ticked} if ticked else {})


def _names(form: QueryDict, name: str) -> list[str]:
    """From check boxes, or from lines."""
    lines = [line.strip() for line in form.get(f"{name}.lines", "").splitlines()]
    return list(dict.fromkeys([*form.getlist(name), *(line for line in lines if line)]))


def _option(form: QueryDict, option: Option, name: str) -> Any:
    text = form.get(name, "").strip()
    if option.type == "names":
        return _names(form, name)
    if option.type == "choices":
        return form.getlist(name)
    if option.type == "switch":
        return name in form
    if option.type == "texts":
        return [line.strip() for line in text.splitlines() if line.strip()] or None
    if option.type in BY_COMMAS:
        return [_number(part.strip()) for part in text.split(",") if part.strip()] or None
    if option.type in ("number", "whole"):
        empty = None if option.nullable else _plain(option.default)
        return _number(text) if text else empty
    if option.type == "value":
        return {"": None, "true": True, "false": False}.get(text, _number(text))
    return text or _plain(option.default)


def _number(text: str) -> Any:
    try:
        return int(text) if text.lstrip("+-").isdecimal() else float(text)
    except ValueError:
        return text


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _text(value: Any) -> str:
    """The value as its field holds it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        strings = any(isinstance(one, str) for one in value)
        return ("\n" if strings else ", ").join(_text(one) for one in value)
    return f"{value:g}" if isinstance(value, float) and value.is_integer() else str(value)
