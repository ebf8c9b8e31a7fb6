"""The checks that need all rows or RE2, in DuckDB: types, gaps, patterns, repetition, size, freshness."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from mlregistry.ml import duck

from . import canonical, patterns
from .document import ColumnRule, Contract, TableRules
from .parts import Table, free_name
from .report import FAILED, N_EXAMPLES, WARNING, Example, Result, plain

BATCH = 60


@dataclass(frozen=True)
class _Condition:
    """Rows for which the SQL holds are at fault; so long as their share is at most `allowed`, all is well."""

    column: str
    check: str
    sql: str
    wanted: str
    allowed: float = 0.0


def check(contract: Contract, table: Table, *, now: datetime) -> tuple[int, list[Result]]:
    """How many checks ran, and those that did not pass."""
    conditions = [
        one
        for rule in contract.columns
        if rule.name in table.types
        for one in _conditions(rule, table.types[rule.name])
    ]
    results = [*_columns_there(contract, table), *_failing(conditions, table)]
    alone = [rule for rule in contract.columns if rule.name in table.types]
    for rule in alone:
        if rule.type == "constant":
            results += _constant(rule, table)
        if rule.unique:
            results += _repeated((rule.name,), table, nulls=False)
    n_checks = len(conditions) + len(contract.columns) + 1
    n_checks += sum(rule.unique + (rule.type == "constant") for rule in alone)
    n_table, of_table = _whole(contract.table, contract, table, now)
    return n_checks + n_table, results + of_table


def _conditions(rule: ColumnRule, stored: str) -> Iterator[_Condition]:
    column = duck.name(rule.name)
    unreadable = canonical.unreadable(rule, stored)
    if unreadable is not None:
        yield _Condition(rule.name, "type", unreadable, f"{rule.type} values")
    if rule.max_missing is not None:
        wanted = f"at most {100 * rule.max_missing:.3g} % missing" if rule.max_missing else "no gaps"
        yield _Condition(rule.name, "missing", f"{column} IS NULL", wanted, rule.max_missing)
    if rule.pattern is not None:
        text = column if stored == "string" else f"CAST({column} AS VARCHAR)"
        wrong = f"({column} IS NOT NULL AND {patterns.mismatch(text, rule.pattern)})"
        yield _Condition(rule.name, "pattern", wrong, f"the pattern {rule.pattern}")


def _failing(conditions: list[_Condition], table: Table) -> Iterator[Result]:
    for start in range(0, len(conditions), BATCH):
        batch = conditions[start : start + BATCH]
        counts = table.one(", ".join(f"count(*) FILTER ({one.sql})" for one in batch))
        for one, n_failed in zip(batch, counts, strict=True):
            if n_failed and n_failed / table.n_rows > one.allowed:
                yield _result(one, n_failed, table)


def _result(one: _Condition, n_failed: int, table: Table) -> Result:
    message = (
        f"Column '{one.column}': {n_failed:,} of {table.n_rows:,} rows are at fault: wanted {one.wanted}."
    )
    return Result(
        one.column, one.check, FAILED, message, n_failed, n_failed / table.n_rows,
        _examples(table, one.column, one.sql),
    )  # fmt: skip


def _examples(table: Table, column: str, condition: str) -> tuple[Example, ...]:
    return tuple(Example(row, plain(value)) for row, value in table.first_rows(column, condition, N_EXAMPLES))


def _columns_there(contract: Contract, table: Table) -> Iterator[Result]:
    for rule in contract.columns:
        if rule.required and rule.name not in table.types:
            yield Result(rule.name, "present", FAILED, f"Column '{rule.name}' is not in the table.")
    policy = contract.table.extra_columns
    known = {rule.name for rule in contract.columns}
    extra = [name for name in table.types if name not in known]
    if extra and policy != "allow":
        named = ", ".join(f"'{name}'" for name in extra[:10]) + (" …" if len(extra) > 10 else "")
        severity = FAILED if policy == "forbid" else WARNING
        message = f"{len(extra):,} columns are not in the contract: {named}."
        yield Result(None, "extra_columns", severity, message)


def _constant(rule: ColumnRule, table: Table) -> Iterator[Result]:
    column = duck.name(rule.name)
    row = table.one(f"count(DISTINCT {column})")
    if row[0] > 1:
        first = table.one(f"first({column})", f"WHERE {column} IS NOT NULL")[0]
        sql = f"{column} IS NOT NULL AND CAST({column} AS VARCHAR) <> {duck.text(str(first))}"
        message = f"Column '{rule.name}' is to be constant but holds {row[0]:,} different values."
        yield Result(rule.name, "constant", FAILED, message, None, None, _examples(table, rule.name, sql))


def _repeated(columns: tuple[str, ...], table: Table, *, nulls: bool) -> Iterator[Result]:
    """Rows whose key another row has too; without `nulls`, a missing value repeats nothing."""
    names = ", ".join(duck.name(column) for column in columns)
    there = "" if nulls else f"WHERE {names} IS NOT NULL"
    groups = f"SELECT {names}, count(*) AS n_ FROM {{t}} {there} GROUP BY {names} HAVING count(*) > 1"  # noqa: S608  # duck quotes names and paths, the rest is ours
    n_failed, n_keys = table.all(f"SELECT coalesce(sum(n_), 0)::BIGINT, count(*) FROM ({groups})")[0]  # noqa: S608  # duck quotes names and paths, the rest is ours
    if not n_failed:
        return
    counter = free_name(table.types)
    same = " AND ".join(f"a.{duck.name(c)} IS NOT DISTINCT FROM b.{duck.name(c)}" for c in columns)
    shown = ", ".join(f"a.{duck.name(column)}" for column in columns)
    rows = table.all(
        f"SELECT {counter}, {shown} FROM (SELECT {names}, row_number() OVER () AS {counter} FROM {{t}}) a"  # noqa: S608  # duck quotes names and paths, the rest is ours
        f" SEMI JOIN ({groups}) b ON {same} ORDER BY {counter} LIMIT {N_EXAMPLES}"
    )
    examples = tuple(Example(row, _key(columns, values)) for row, *values in rows)
    titled = " + ".join(columns)
    message = f"'{titled}' repeats: {n_failed:,} of {table.n_rows:,} rows share {n_keys:,} keys."
    column, check = (columns[0], "unique") if not nulls else (None, "unique_key")
    yield Result(column, check, FAILED, message, n_failed, n_failed / table.n_rows, examples)


def _key(columns: tuple[str, ...], values: list[object]) -> object:
    if len(columns) == 1:
        return plain(values[0])
    pairs = zip(columns, values, strict=True)
    return plain(", ".join(f"{column}={plain(value)}" for column, value in pairs))


def _whole(rules: TableRules, contract: Contract, table: Table, now: datetime) -> tuple[int, list[Result]]:
    n_checks, results = 0, []
    for check, bound, bad in (
        ("min_rows", rules.min_rows, rules.min_rows is not None and table.n_rows < rules.min_rows),
        ("max_rows", rules.max_rows, rules.max_rows is not None and table.n_rows > rules.max_rows),
    ):
        n_checks += bound is not None
        if bad:
            side = "at least" if check == "min_rows" else "at most"
            message = f"The table has {table.n_rows:,} rows; {side} {bound:,} are expected."
            results.append(Result(None, check, FAILED, message))
    if rules.unique_key:
        n_checks += 1
        if all(name in table.types for name in rules.unique_key):
            results += _repeated(rules.unique_key, table, nulls=True)
    if rules.time_column and rules.max_age_hours is not None:
        n_checks += 1
        results += _stale(rules, contract, table, now)
    return n_checks, results


def _stale(rules: TableRules, contract: Contract, table: Table, now: datetime) -> list[Result]:
    name, most = rules.time_column, rules.max_age_hours or 0.0
    if name not in table.types:
        return [Result(name, "freshness", FAILED, f"The time column '{name}' is not in the table.")]
    time = canonical.value(ColumnRule(name, "datetime"), table.types[name])
    newest = table.one(f"max({time})")[0]
    if newest is None:
        return [Result(name, "freshness", FAILED, f"The time column '{name}' holds no readable time.")]
    age = (now - newest.replace(tzinfo=UTC)).total_seconds() / 3600
    if age <= most:
        return []
    message = (
        f"The newest '{name}' is {newest:%Y-%m-%d %H:%M}, {age:,.1f} hours ago;"
        f" at most {most:,.10g} hours are allowed."
    )
    return [Result(name, "freshness", FAILED, message)]
