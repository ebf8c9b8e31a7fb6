"""What looks wrong in a profile: tables of small rules, each with its severity and what to do about it.

`found` is called by building. Rules of one column are in `values`, `texts` and `times`, those of the table in `rows`
and `outcome`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from mlregistry.ml.profiling.alerts import outcome, rows, texts, times, values
from mlregistry.ml.profiling.alerts.rule import Facts, Rule
from mlregistry.ml.profiling.clues import Clues
from mlregistry.ml.profiling.depths import Deep
from mlregistry.ml.profiling.document import SEVERITIES, Alert

COLUMN_RULES: tuple[Rule[Facts], ...] = (*values.RULES, *texts.RULES, *times.RULES)
TABLE_RULES: tuple[Rule[Deep], ...] = (*outcome.RULES, *rows.RULES)
KINDS = tuple(dict.fromkeys([*(rule.kind for rule in COLUMN_RULES), *(rule.kind for rule in TABLE_RULES)]))


def found(deep: Deep, clues: Mapping[str, Clues], now: datetime) -> tuple[Alert, ...]:
    """The gravest first, then those about the target, then in the order of the table."""
    profile = deep.profile
    alerts: list[Alert] = []
    for column in profile.columns:
        facts = Facts(column, clues[column.name], profile.n_rows, column.name == profile.target, now)
        for rule in COLUMN_RULES:
            alerts += (rule.alert((column.name,), finding) for finding in rule.look(facts))
    for table_rule in TABLE_RULES:
        alerts += (table_rule.alert(finding.columns, finding) for finding in table_rule.look(deep))
    places = {column.name: place for place, column in enumerate(profile.columns)}

    def order(alert: Alert) -> tuple[int, bool, int]:
        first = alert.columns[0] if alert.columns else ""
        return SEVERITIES.index(alert.severity), profile.target not in alert.columns, places.get(first, -1)

    return tuple(sorted(alerts, key=order))
