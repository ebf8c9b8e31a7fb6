"""The table of checks and of limits in Markdown, for docs/model_tests.md. Its test holds the page to it."""

from __future__ import annotations

from mlregistry.ml.model_tests.check import ALL
from mlregistry.ml.model_tests.limits import LIMITS
from mlregistry.ml.model_tests.table import CHECKS


def checks() -> str:
    """One row per check, in their order."""
    lines = ["| check | looks at | kinds | needs | failing |", "|---|---|---|---|---|"]
    group = ""
    for check in CHECKS:
        if check.group != group:
            group = check.group
            lines.append(f"| **{group}** | | | | |")
        kinds = "all" if check.kinds == ALL else ", ".join(check.kinds)
        needs = ", ".join(check.needs) or "–"
        lines.append(
            f"| `{check.name}` {check.title} | {check.about} | {kinds} | {needs} | {check.severity} |"
        )
    return "\n".join(lines)


def limits() -> str:
    """One row per limit."""
    lines = ["| limit | usual | what |", "|---|---|---|"]
    lines += [f"| `{limit.name}` | {limit.default:g} | {limit.about} |" for limit in LIMITS.values()]
    return "\n".join(lines)
