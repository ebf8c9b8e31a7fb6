"""Arranges a report's document for its page, which is read on screens and printed: tiles, lines, small drawings."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from mlregistry.ml.drift.report import DriftReport
from serving.models import EndpointReport
from serving.report_words import change, money, span, summary
from serving.web import drift_figures

WIDTH, HEIGHT = 600.0, 80.0
GAP = 0.18
BETTER_UP, BETTER_DOWN = 1, -1


def shown(row: EndpointReport) -> dict[str, Any]:
    """Everything the page needs; while there is no document, the row alone."""
    found = row.document
    if found is None:
        return {"row": row, "endpoint": row.endpoint, "document": None}
    report = found["drift"]["report"]
    return {
        "row": row,
        "endpoint": row.endpoint,
        "document": found,
        "span": span(found["window"]),
        "span_before": span(found["before"]),
        "summary": summary(found),
        "tiles": _tiles(found),
        "bars": _bars(found["days"]),
        "drift_lines": drift_figures.lines(DriftReport.from_json(report)) if report else [],
        "quality": _quality(found),
        "changes": _timed(found["changes"]),
        "events": _timed(found["alerts"]["events"]),
        "cost": _cost(found["cost"]),
    }


def listed(rows: Sequence[EndpointReport]) -> list[dict[str, Any]]:
    """A line for each in the list."""
    return [{"row": row, "span": span({"since": str(row.since), "until": str(row.until)})} for row in rows]


def _timed(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**line, "at": datetime.fromisoformat(line["at"])} for line in lines]


def _tiles(found: dict[str, Any]) -> list[dict[str, Any]]:
    now, before = found["traffic"]["now"], found["traffic"]["before"]
    rows = (
        ("requests", f"{now['n_requests']:,}", now["n_requests"], before["n_requests"], 0),
        ("p50", _ms(now["p50"]), now["p50"], before["p50"], BETTER_DOWN),
        ("p99", _ms(now["p99"]), now["p99"], before["p99"], BETTER_DOWN),
        ("errors (5xx)", _share(now["error_rate"]), now["error_rate"], before["error_rate"], BETTER_DOWN),
        ("alerts fired", str(found["alerts"]["n_fired"]), found["alerts"]["n_fired"],
         found["alerts"]["n_fired_before"], BETTER_DOWN),
    )  # fmt: skip
    return [
        {"title": title, "value": value, "change": _change(new, old), "tone": _tone(new, old, better)}
        for title, value, new, old, better in rows
    ]


def _quality(found: dict[str, Any]) -> list[dict[str, Any]]:
    """A line for each version: the problem's metric by truths, and estimated, now and before."""
    name = found["endpoint"]["metric"]
    better = BETTER_UP if found["endpoint"]["direction"] == "maximize" else BETTER_DOWN
    lines = []
    for one in found["quality"]:
        now, before = one["now"], one["before"]
        value, former = now["metrics"].get(name), before["metrics"].get(name)
        lines.append({
            "model": one["model"], "version": one["version"], "value": value, "interval": now["intervals"].get(name),
            "n_truths": now["n_truths"], "n": now["n"], "expected": now["expected"].get(name), "former": former,
            "n_truths_before": before["n_truths"], "tone": _tone(value, former, better),
            "delay": now["median_delay_seconds"],
        })  # fmt: skip
    return lines


def _cost(found: dict[str, Any]) -> dict[str, Any]:
    now, before = found["now"], found["before"]
    total, former = (one["answering_seconds"] + one["job_cpu_seconds"] for one in (now, before))
    return {
        **now, "total_seconds": total, "change": _change(total, former),
        "price": None if now["money"] is None else money(now["money"], now["currency"]),
        "price_before": None if before["money"] is None else money(before["money"], before["currency"]),
    }  # fmt: skip


def _told(day: str) -> str:
    return f"{date.fromisoformat(day):%-d %b %Y}"


def _bars(days: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Requests by day as one path, errors as another on top of it."""
    most = max((day["n_requests"] for day in days), default=0)
    if not most:
        return None
    width = WIDTH / len(days)
    return {
        "width": WIDTH, "height": HEIGHT, "most": most,
        "first": _told(days[0]["day"]), "last": _told(days[-1]["day"]),
        "requests": "".join(_bar(place, day["n_requests"] / most, width) for place, day in enumerate(days)),
        "errors": "".join(_bar(place, day["n_errors"] / most, width) for place, day in enumerate(days)),
        "has_errors": any(day["n_errors"] for day in days),
    }  # fmt: skip


def _bar(place: int, share: float, width: float) -> str:
    if not share:
        return ""
    left, gap = place * width, GAP * width / 2
    top = HEIGHT * (1 - share)
    return f"M{left + gap:.1f} {HEIGHT:g}V{top:.1f}H{left + width - gap:.1f}V{HEIGHT:g}Z"


def _change(now: float | None, before: float | None) -> str:
    told = change(now, before)
    return f"{told} against before" if told.endswith("%") else told


def _tone(now: float | None, before: float | None, better: int) -> str:
    """Worse by a tenth or more is told by colour."""
    if now is None or before is None or not better or now == before:
        return ""
    worse = (now - before) * better < 0
    return "bad" if worse and abs(now - before) > 0.1 * abs(before) else ""


def _ms(seconds: float | None) -> str:
    return "–" if seconds is None else f"{1000 * seconds:.3g} ms"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.2f} %"
