"""A whole table scored in chunks: rows stream from Parquet through the model into a file of answers. The job
serving.predict_batch calls `score_table`; memory does not grow with the table."""

import datetime
import decimal
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import msgspec

from mlregistry.errors import MlregistryError
from mlregistry.ml import duck
from mlregistry.ml.parquet_files import stored_type
from serving.hotpath.combining import PER_ROW, SIZES, same_alone
from serving.hotpath.models import LoadedModel

CHUNK = 1_000
N_TRIED = 48
MOST_LISTED = 1_000
LONGEST_REASON = 300
Rows = list[dict[str, Any]]
Score = Callable[[Rows], dict[str, Any]]
CLASS_TYPES = {"bool": "BOOLEAN", "int": "BIGINT", "float": "DOUBLE"}
DUCK_TYPES = {"integer": "BIGINT", "float": "DOUBLE", "boolean": "BOOLEAN", "string": "VARCHAR"}


@dataclass
class Outcome:
    """What came of the rows; `refused` lists the first thousand of those without an answer."""

    n_rows: int = 0
    n_scored: int = 0
    n_refused: int = 0
    one_by_one: bool = False
    refused: list[dict[str, Any]] = field(default_factory=list)
    columns: list[dict[str, str]] = field(default_factory=list)


def score_table(
    model: LoadedModel,
    paths: Sequence[Path],
    target: Path,
    *,
    id_column: str = "",
    exact: bool = True,
    report: Callable[[int], None],
) -> Outcome:
    """Writes `target`, a Parquet file with the table's columns, then the answers and, in `problem`, why there is none.

    With `exact` every row gets the answer it would get alone, to the bit: where the model's sums depend on the
    number of rows in a call, each is asked by itself. `report` is told the number of rows done.
    """
    answers = target.with_suffix(".ndjson")
    names = [str(item.name) for item in model.inputs]
    outcome = Outcome()
    with duck.connect([*duck.folders(list(paths)), target.parent]) as connection:
        described = connection.execute(f"DESCRIBE SELECT * FROM {duck.scan(list(paths))}").fetchall()  # noqa: S608  # duck.scan quotes the paths
        taken = [str(column[0]) for column in described]
        layout = _layout(model, taken)
        with answers.open("wb") as file:
            chosen = ", ".join(duck.name(name) for name in [*names, *([id_column] if id_column else [])])
            cursor = connection.cursor().execute(f"SELECT {chosen} FROM {duck.scan(list(paths))}")  # noqa: S608  # duck quotes paths and names
            for chunk in _chunks(cursor, _chunk_size(model)):
                _score_chunk(model, names, chunk, file, outcome, layout, exact)
                report(outcome.n_rows)
        types = ", ".join(f"{duck.text(name)}: {duck.text(kind)}" for name, kind in layout.types.items())
        connection.execute(
            f"COPY (SELECT given.*, answers.* FROM {duck.scan(list(paths))} given"  # noqa: S608  # duck.scan quotes the paths
            f" POSITIONAL JOIN read_json({duck.text(answers)}, format = 'newline_delimited',"
            f" columns = {{{types}}}) answers) TO {duck.text(target)} (FORMAT parquet, COMPRESSION zstd)"
        )
    answers.unlink()
    kinds = {kind: name for name, kind in DUCK_TYPES.items()}
    outcome.columns = [{"name": str(name), "type": stored_type(kind)} for name, kind, *_ in described] + [
        {"name": name, "type": kinds[kind]} for name, kind in layout.types.items()
    ]
    return outcome


@dataclass(frozen=True)
class _Layout:
    """Names of the answers' columns, which none of the table's has, and their types in DuckDB."""

    prediction: str
    probabilities: dict[Any, str]
    quantiles: dict[str, str]
    problem: str
    types: dict[str, str]


def _layout(model: LoadedModel, taken: Sequence[str]) -> _Layout:
    used = {name.lower() for name in taken}

    def free(name: str) -> str:
        while name.lower() in used:
            name += "_"
        used.add(name.lower())
        return name

    classes = list(model.signature.classes)
    example = model.score(model.example) if model.example else {}
    levels = list((example.get("quantiles") or [{}])[0])
    prediction = free("prediction")
    probabilities = {value: free(f"probability_{value}") for value in classes}
    quantiles = {level: free(f"quantile_{level}") for level in levels}
    problem = free("problem")
    types = {prediction: _type_of(model, classes)}
    types |= dict.fromkeys([*probabilities.values(), *quantiles.values()], "DOUBLE")
    return _Layout(prediction, probabilities, quantiles, problem, {**types, problem: "VARCHAR"})


def _type_of(model: LoadedModel, classes: Sequence[Any]) -> str:
    if not classes:
        return {"recommendation": "VARCHAR", "clustering": "BIGINT"}.get(model.handle.kind, "DOUBLE")
    names = {type(value).__name__ for value in classes}
    return CLASS_TYPES.get(names.pop(), "VARCHAR") if len(names) == 1 else "VARCHAR"


def _chunk_size(model: LoadedModel) -> int:
    """No more rows than the compiled form answers at once, so that all rows are answered by one form."""
    most = model.compiled.most_rows if model.compiled is not None else None
    return CHUNK if most is None else max(1, min(CHUNK, most))


def _chunks(cursor: Any, size: int) -> Iterator[list[tuple[Any, ...]]]:
    while rows := cursor.fetchmany(size):
        yield rows


def _score_chunk(
    model: LoadedModel,
    names: list[str],
    chunk: list[tuple[Any, ...]],
    file: IO[bytes],
    outcome: Outcome,
    layout: _Layout,
    exact: bool,
) -> None:
    rows = [dict(zip(names, map(_plain, values), strict=False)) for values in chunk]
    if outcome.n_rows == 0 and exact:
        outcome.one_by_one = not _joins(model.score, rows, len(rows))
    answers = _answers(model.score, rows, most=1 if outcome.one_by_one else len(rows))
    lines = []
    for place, answer in enumerate(answers):
        outcome.n_rows += 1
        if isinstance(answer, str):
            reason = re.sub(r"^Row \d+(:|,)? ?", "", answer)[:LONGEST_REASON]
            outcome.n_refused += 1
            if len(outcome.refused) < MOST_LISTED:
                id = _plain(chunk[place][len(names)]) if len(chunk[place]) > len(names) else None
                outcome.refused.append({"row": outcome.n_rows, "id": id, "reason": reason})
            lines.append(_line({layout.problem: reason}, layout))
        else:
            outcome.n_scored += 1
            lines.append(_line(_cells(answer, layout), layout))
    file.write(b"".join(lines))


def _line(cells: dict[str, Any], layout: _Layout) -> bytes:
    return msgspec.json.encode({name: cells.get(name) for name in layout.types}) + b"\n"


def _cells(answer: dict[str, Any], layout: _Layout) -> dict[str, Any]:
    value = answer["prediction"]
    if layout.types[layout.prediction] == "VARCHAR" and not isinstance(value, str):
        value = msgspec.json.encode(value).decode()
    cells = {layout.prediction: value}
    cells |= dict(zip(layout.probabilities.values(), answer.get("probabilities") or (), strict=False))
    return cells | {
        layout.quantiles[level]: value for level, value in (answer.get("quantiles") or {}).items()
    }


def _joins(score: Score, rows: Rows, most: int) -> bool:
    """Whether the first rows get the same bits alone and in calls of the sizes that will be made."""
    tried = [row for row in rows[:N_TRIED] if not isinstance(_attempt(score, [row]), str)]
    sizes = sorted({size for size in (*SIZES, 257, most) if 1 < size <= most})
    return not sizes or (bool(tried) and same_alone(score, tried, sizes))


def _answers(score: Score, rows: Rows, *, most: int) -> list[dict[str, Any] | str]:
    """One answer, or one reason, for each row. Where a call fails its halves are tried, down to the row at fault."""
    if len(rows) > most:
        return [
            answer
            for at in range(0, len(rows), most)
            for answer in _answers(score, rows[at : at + most], most=most)
        ]
    found = _attempt(score, rows)
    if not isinstance(found, str):
        return found
    if len(rows) == 1:
        return [found]
    half = len(rows) // 2
    return [*_answers(score, rows[:half], most=most), *_answers(score, rows[half:], most=most)]


def _attempt(score: Score, rows: Rows) -> list[dict[str, Any] | str] | str:
    """The answers by row, or why there are none."""
    try:
        whole = score(rows)
    except MlregistryError as error:
        return error.message
    except MemoryError:
        raise
    except Exception:  # whatever an estimator raises for odd values
        return "the model cannot score these values"
    names = {"predictions": "prediction"}
    kept = {names.get(name, name): whole[name] for name in PER_ROW if whole.get(name) is not None}
    return [{name: values[place] for name, values in kept.items()} for place in range(len(rows))]


def _plain(value: Any) -> Any:
    """A cell as a client would send it in JSON; what is no number is missing."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()
    return float(value) if isinstance(value, decimal.Decimal) else value
