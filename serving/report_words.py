"""What a report says in sentences: the headline of its notice, its summary. For actions, pages and the API.

Reads the document of `serving.queries.reports` alone, so that an old report says what it said when it was made.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

Document = dict[str, Any]
MANY_TIMES = 2.0  # beyond three times as much, a percentage says less than the factor


def headline(document: Document) -> str:
    """Such as: churn, 2 to 8 March 2026: drift, 2 alerts"""
    news = [*_drift_news(document), *_alert_news(document)]
    return (
        f"{document['endpoint']['name']}, {span(document['window'])}: {', '.join(news) or 'nothing unusual'}"
    )


def summary(document: Document) -> list[str]:
    """Five sentences or so, the ones that matter."""
    return [told for sentence in SENTENCES if (told := sentence(document))]


def span(window: dict[str, str]) -> str:
    """2 to 8 March 2026, the last day with it; with hours where a day is not whole."""
    since, until = (datetime.fromisoformat(window[name]) for name in ("since", "until"))
    if any(moment.hour or moment.minute for moment in (since, until)):
        return f"{since:%-d %b %Y %H:%M} to {until:%-d %b %Y %H:%M}"
    last = until - timedelta(days=1)
    if last.date() <= since.date():
        return f"{since:%-d %B %Y}"
    if (since.year, since.month) == (last.year, last.month):
        return f"{since:%-d} to {last:%-d %B %Y}"
    return (
        f"{since:%-d %B} to {last:%-d %B %Y}"
        if since.year == last.year
        else f"{since:%-d %b %Y} to {last:%-d %b %Y}"
    )


def change(now: float | None, before: float | None) -> str:
    """+12 %, or 5 × before, against the period before; “” where there is nothing to compare with."""
    if now is None or before is None or (not now and not before):
        return ""
    if not before:
        return "none before"
    share = now / before - 1
    if share >= MANY_TIMES:
        return f"{now / before:,.0f} × before"
    return f"{share:+.0%}".replace("%", " %").replace("-", "−") if abs(share) >= 0.005 else "as before"


def _traffic(document: Document) -> str:
    now, before = document["traffic"]["now"], document["traffic"]["before"]
    if not now["n_requests"]:
        return "Nobody asked it anything."
    told = f"{now['n_requests']:,} requests"
    compared = change(now["n_requests"], before["n_requests"])
    told += f" ({compared})" if compared else ""
    if now["p99"] is not None:
        told += f", p99 {1000 * now['p99']:.3g} ms"
    rate = now["error_rate"]
    return told + (f", {rate:.2%} errors.".replace("%", " %") if rate else ", no errors.")


def _quality(document: Document) -> str:
    name, title = document["endpoint"]["metric"], document["endpoint"]["metric_title"]
    for one in document["quality"]:
        value = one["now"]["metrics"].get(name) if name else None
        if value is not None:
            interval = one["now"]["intervals"].get(name)
            told = f"{title} of v{one['version']} {value:.4g}"
            told += f" ({interval[0]:.4g} to {interval[1]:.4g})" if interval else ""
            before = one["before"]["metrics"].get(name)
            return told + (f", before {before:.4g}." if before is not None else ".")
    return "No truths came for its predictions." if document["traffic"]["now"]["n_requests"] else ""


def _drift(document: Document) -> str:
    found = document["drift"]
    if found["report"] is None:
        return ""
    report = found["report"]
    if report["drifted"] is None:
        return "Too few rows for a verdict on drift."
    told = f"{report['n_drifted']} of {report['n_compared']} columns drift"
    names = [_named(column["name"]) for column in report["columns"] if column["drifted"]][:3]
    return told + (f": {', '.join(names)}." if names else ".")


def _named(column: str) -> str:
    """output:probability:No → probability of No"""
    return column.split(":", 1)[-1].replace("probability:", "probability of ", 1)


def _alerts(document: Document) -> str:
    n = document["alerts"]["n_fired"]
    if not n:
        return "No alert fired." if document["alerts"]["n_rules"] else ""
    rules = dict.fromkeys(one["rule"] for one in document["alerts"]["events"] if one["state"] == "firing")
    return f"{n} alert{'s' if n > 1 else ''} fired: {', '.join(list(rules)[:3])}."


def _changes(document: Document) -> str:
    n = document["n_changes"]
    return f"{n} change{'s' if n > 1 else ''} to what stands behind it." if n else ""


def _cost(document: Document) -> str:
    found = document["cost"]["now"]
    seconds = found["answering_seconds"] + found["job_cpu_seconds"]
    worked = f"{seconds:.3g} s" if seconds < 600 else f"{seconds / 3600:.3g} h"
    if found["money"] is None:
        return f"{worked} of processor time." if seconds else ""
    return f"It cost {money(found['money'], found['currency'])}, for {worked} of processor time."


def money(amount: float, currency: str) -> str:
    """Two digits behind the point, or as many as say something."""
    text = f"{amount:,.2f}" if amount >= 0.1 or not amount else f"{amount:.2g}"
    return f"{text} {currency}".rstrip()


def _drift_news(document: Document) -> list[str]:
    report = document["drift"]["report"]
    if report is None or not report["n_drifted"]:
        return []
    return (
        ["drift"]
        if report["drifted"]
        else [f"{report['n_drifted']} column{'s' * (report['n_drifted'] > 1)} drift"]
    )


def _alert_news(document: Document) -> list[str]:
    n = document["alerts"]["n_fired"]
    return [f"{n} alert{'s' if n > 1 else ''}"] if n else []


SENTENCES = (_traffic, _quality, _drift, _alerts, _changes, _cost)
