"""An optimisation arranged for its page: choices of the form, lines of the table, charts. No writes, no HTML."""

from collections.abc import Mapping
from typing import Any

from models_app.models import Found, ModelVersion, Optimisation, OptimisedCandidate
from models_app.queries import optimisations as queries
from models_app.queries.costs import costs_of, prediction_cost, told, unit

TONES = {"yes": "good", "perhaps": "warn", "no": "bad"}
WORDS = {"yes": "within the tolerance", "perhaps": "perhaps within", "no": "outside the tolerance"}


def choices_of(version: ModelVersion, chosen: list[str] | None) -> list[dict[str, Any]]:
    """The methods by group, ticked as sent, or all but those that ask for more or take longest."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for method in queries.methods_of(version):
        usual = method["group"] == "Smaller"
        ticked = method["name"] in chosen if chosen is not None else usual and not method["why_not"]
        groups.setdefault(method["group"], []).append({**method, "ticked": ticked})
    return [{"name": name, "methods": methods} for name, methods in groups.items()]


def cost_cells(version: ModelVersion, sent: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Four fields for two classes; none for others."""
    classes = version.served_signature.get("classes") or []
    if len(classes) != 2:
        return []
    return [
        {
            "name": f"cost-{true}-{told}", "true": classes[true], "told": classes[told],
            "is_right": true == told, "value": sent.get(f"cost-{true}-{told}", "") if sent else "",
        }
        for true in (0, 1)
        for told in (0, 1)
    ]  # fmt: skip


def tiles_of(version: ModelVersion) -> list[dict[str, str]]:
    """What the version's training cost and its predictions cost, as far as it is known."""
    known = costs_of(version)
    training, asked = known["training"], known["predictions"]
    tiles = []
    if training:
        seconds = f"{training['cpu_seconds']:,.0f} s of a processor"
        tiles.append(
            {"value": told(training["cost"]), "text": f"{training['unit']} for its training ({seconds})"}
        )
    if asked:
        tiles += [
            {"value": told(asked["per_1000"]), "text": f"{asked['unit']} for 1,000 requests of one row"},
            {
                "value": told(asked["per_1000_in_one_request"]),
                "text": f"{asked['unit']} for 1,000 rows in one request",
            },
        ]
    return tiles


def report_of(found: Optimisation) -> dict[str, Any]:
    rows = list(queries.candidates_of(found))
    made = [row for row in rows if row.outcome == Found.MADE]
    first = {
        "title": f"v{found.version.number}, as it is",
        "is_first": True,
        **_figures(found.before, found.before),
    }
    return {
        "lines": [first, *(_line(row, found) for row in made)],
        "left_out": [row for row in rows if row.outcome != Found.MADE],
        "has_decisions": any(row.figures.get("decisions") for row in made),
        "metric_title": queries.metric_title(found),
        "unit": unit(),
        "plots": queries.plots_of(found),
        "charts": {f"how-{row.place}": {**row.chart, "title": f"{row.title}: {row.chart['title'].lower()}"}
                   for row in made if row.chart},
    }  # fmt: skip


def _line(row: OptimisedCandidate, found: Optimisation) -> dict[str, Any]:
    figures = row.figures
    holds = figures.get("holds", "")
    return {
        "place": row.place, "title": row.title, "changes": row.changes, "is_recipe": row.is_recipe,
        "notes": row.notes, "run": row.run, "version": row.version, "levels": row.facts.get("levels"),
        "tone": TONES.get(holds, ""), "word": WORDS.get(holds, ""), "difference_text": _difference(figures, "{:+.4f}"),
        "decisions_text": _difference(figures.get("decisions") or {}, "{:+,.0f}"),
        "apart_text": _apart(figures, is_decided=bool(found.version.served_signature.get("classes"))),
        **_figures(figures, found.before),
    }  # fmt: skip


def _figures(figures: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Figures as they are, and how many times less than before."""
    cost = prediction_cost(dict(figures)) or {}
    names = ("value", "size", "memory_mb", "load_seconds", "form", "one_seconds", "many_seconds",
             "native_one_seconds", "decisions")  # fmt: skip
    return {
        **{name: figures.get(name) for name in names},
        "cost": told(cost.get("per_1000")),
        **{
            f"less_{name}": _less(before.get(name), figures.get(name))
            for name in ("size", "memory_mb", "one_seconds", "many_seconds")
        },
    }


def _less(before: float | None, after: float | None) -> str:
    """How many times less: ÷ 5.4, ÷ 1,379; or more: × 22."""
    if not before or not after:
        return ""
    sign, factor = ("÷", before / after) if before >= after else ("×", after / before)
    return f"{sign} {factor:,.1f}" if factor < 10 else f"{sign} {factor:,.0f}"


def _difference(figures: Mapping[str, Any], form: str) -> str:
    """As +0.0014 (−0.0093 to +0.0111)."""
    if figures.get("difference") is None:
        return ""
    ends = [figures.get("low"), figures.get("high")]
    if not any((figures["difference"], *ends)):
        return "the same"
    known = [form.format(end) for end in ends if end is not None]
    text = form.format(figures["difference"]) + (f" ({' to '.join(known)})" if len(known) == 2 else "")
    return text.replace("-", "−")


def _apart(figures: Mapping[str, Any], *, is_decided: bool) -> str:
    """How its answers to the test rows differ from the version's."""
    changed, apart = figures.get("changed"), figures.get("apart")
    if changed is None or apart is None:
        return ""
    verb = "decided" if is_decided else "answered"
    if not changed and not apart:
        return "Every test row is answered alike, to the last bit."
    first = (
        f"{changed:.1%} of the test rows are {verb} otherwise"
        if changed
        else f"Every test row is {verb} alike"
    )
    return (
        f"{first}; answers differ by up to {apart:.3g}." if apart else f"{first}, by the same probabilities."
    )
