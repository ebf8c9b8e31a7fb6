"""A model card as Markdown, to be kept beside the model or pasted elsewhere. The API and the page send it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Card = Mapping[str, Any]
NOT_SAID = "Nobody has written this yet."


def markdown(card: Card) -> str:
    """The whole card; what people wrote goes in as they wrote it."""
    parts = [
        f"# {_plain(card['model'])}, version {card['version']}",
        card["description"].strip(),
        *_section("Intended use", card["intended_use"].strip() or NOT_SAID),
        *_section("Limits", card["limits"].strip() or NOT_SAID),
        *_section("Facts", _facts(card)),
        *_section("Metrics", _metrics(card["metrics"])),
        *_section("Signature", _signature(card["signature"])),
        *_section("Formats", _formats(card["formats"])),
        *_section("Speed", _speed(card["speed"])),
        *_section("Environment", _environment(card["environment"])),
        *_section("History", _history(card["history"])),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(title: str, body: str) -> list[str]:
    return [f"## {title}", body] if body else []


def _facts(card: Card) -> str:
    data, problem, run = card["data"], card["problem"], card["lineage"]["run"]
    lines = [
        f"Registered {card['registered_at']:%Y-%m-%d %H:%M} UTC by {_plain(card['registered_by'] or 'nobody known')}"
    ]
    if card["kind"]:
        lines.append(f"Kind: {card['kind']}")
    if problem:
        lines.append(f"Problem: {_plain(problem['name'])}, target `{_code(problem['target'])}`")
    if data:
        rows = "" if data["n_rows"] is None else f", {data['n_rows']:,} rows"
        lines.append(f"Data: {_plain(data['name'])} v{data['number']}{rows}, digest `{data['digest']}`")
        split = data["split"] or {}
        lines += (
            [f"Split: {', '.join(f'{key} {_plain(value)}' for key, value in split.items())}"] if split else []
        )
    if run:
        lines.append(
            f"Run: {_plain(run['name'])} (`{run['id']}`), estimator {_plain(run['estimator'] or 'not recorded')}"
        )
    if card["aliases"]:
        lines.append(f"Aliases: {', '.join(card['aliases'])}")
    return _list(lines)


def _metrics(metrics: Sequence[Card]) -> str:
    rows = [
        (
            one["name"],
            _figure(one["value"]),
            f"{_figure(one['low'])} to {_figure(one['high'])}" if one["low"] is not None else "",
        )
        for one in metrics
    ]
    return _table(("Metric", "Value", "95 % interval"), rows)


def _signature(signature: Card | None) -> str:
    if not signature:
        return ""
    rows = [
        (
            one["name"],
            one["type"],
            "yes" if one["required"] else "may be empty",
            ", ".join(map(str, one["categories"][:6])),
        )
        for one in signature["inputs"]
    ]
    classes = ", ".join(map(str, signature.get("classes") or ()))
    answer = f"It answers `{_code(signature['output']['name'])}`{f', one of {_plain(classes)}' if classes else ''}."
    return f"{_table(('Column', 'Type', 'Must be given', 'Seen values'), rows)}\n\n{answer}"


def _formats(forms: Sequence[Card]) -> str:
    rows = [
        (one["title"], f"{one['size']:,}", f"`{one['sha256']}`", one["origin"], one["who_may_load"])
        for one in forms
    ]
    return _table(("Form", "Bytes", "SHA-256", "From", "Who may load it"), rows, raw=(2,))


def _speed(speed: Card | None) -> str:
    if not speed:
        return ""
    rows = [
        (
            one["title"],
            one["verdict"],
            _milliseconds(one["seconds_one"]),
            _milliseconds(one["seconds_many"]),
            one["reason"],
        )
        for one in speed["candidates"]
    ]
    told = f"`{_code(speed['serves'])}` answers requests; held against the model on {speed['n_inputs']:,} inputs."
    return f"{told}\n\n{_table(('Form', 'Verdict', 'One row', '1,000 rows', 'Why'), rows)}"


def _environment(environment: Card | None) -> str:
    rows = [
        (name, version, title.replace("_", " "))
        for title, versions in (environment or {}).items()
        for name, version in versions.items()
    ]
    return _table(("Name", "Value", "Of"), rows)


def _history(events: Sequence[Card]) -> str:
    return _list(_event(one) for one in events)


def _event(one: Card) -> str:
    who = _plain(one["by"] or one["via"])
    alias = f" ({_plain(one['alias'])})" if one["alias"] else ""
    reason = f": {_plain(one['reason'])}" if one["reason"] else ""
    return f"{one['at']:%Y-%m-%d %H:%M} UTC: {who} {one['what']}{alias}{reason}"


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]], raw: Sequence[int] = ()) -> str:
    if not rows:
        return ""
    lines = [head, ["---"] * len(head)]
    lines += [[str(cell) if place in raw else _plain(cell) for place, cell in enumerate(row)] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plain(value: Any) -> str:
    """One line that means nothing in Markdown."""
    text = " ".join(str(value).split())
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>|#" else letter for letter in text)


def _code(value: Any) -> str:
    return " ".join(str(value).replace("`", "'").split())


def _figure(value: Any) -> str:
    return "–" if value is None else f"{value:.4g}"


def _milliseconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds * 1000:.3g} ms"
