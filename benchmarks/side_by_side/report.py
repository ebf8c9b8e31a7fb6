"""The tables in Markdown that tracking.py prints: ratios to both peers with a verdict, and how searches grow."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks.side_by_side.rows import Row

Figures = Mapping[str, float | None]  # server → figure
OURS = "mlregistry"
WITHIN = 3.0


def speed(rows: Iterable[tuple[Row, Figures]], names: Mapping[str, str]) -> str:
    """A line per row; `names` fills the places in titles, such as the number of runs."""
    head = ["work", "MLflow", "FastTrackML", "mlregistry", "× MLflow", "× FastTrackML", "goal", ""]
    lines = [head, ["---", *["---:"] * 5, "---", "---"]]
    for row, figures in rows:
        mlflow, fast = ratio(row, figures, "MLflow"), ratio(row, figures, "FastTrackML")
        lines.append(
            [
                row.title.format_map(names),
                *(_number(figures.get(name), row.unit) for name in ("MLflow", "FastTrackML", OURS)),
                _times(mlflow),
                _times(fast),
                _goal(row),
                _verdict(row, mlflow, fast),
            ]
        )
    return _markdown(lines)


def growth(rows: Sequence[tuple[Row, Sequence[float]]], sizes: Sequence[int]) -> str:
    """A column per number of runs, and how much slower the last is than the first."""
    lines = [["work", *(f"{size:,} runs" for size in sizes), "slower by", f"within {WITHIN:g}×"]]
    lines.append(["---", *["---:"] * (len(sizes) + 1), "---"])
    for row, figures in rows:
        slower = figures[0] / figures[-1] if row.is_rate else figures[-1] / figures[0]
        cells = [_number(figure, row.unit) for figure in figures]
        title = row.title.format(runs="all", points="all")
        lines.append([title, *cells, _times(slower), "met" if slower <= WITHIN else "missed"])
    return _markdown(lines)


def paste(page: Path, sections: Mapping[str, str]) -> None:
    """Puts each text between `<!-- name -->` and `<!-- /name -->` of the page, in place of what stood there."""
    text = page.read_text()
    for name, section in sections.items():
        between = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- /{re.escape(name)} -->)", re.DOTALL)
        if not between.search(text):
            raise ValueError(f"{page} has no place marked {name}")
        text = between.sub(lambda found, new=section: f"{found[1]}{new}\n{found[2]}", text)  # type: ignore[misc]  # the stubs know no default
    page.write_text(text)


def ratio(row: Row, figures: Figures, peer: str) -> float | None:
    """How many times better ours is; None when either could not do it."""
    ours, other = figures.get(OURS), figures.get(peer)
    if not ours or not other:
        return None
    return ours / other if row.is_rate else other / ours


def _verdict(row: Row, mlflow: float | None, fast: float | None) -> str:
    pairs = [(mlflow, row.mlflow_goal)]
    if row.fasttrackml_goal is not None:
        pairs.append((fast, row.fasttrackml_goal))
    if any(found is None for found, _ in pairs):
        return "–"
    return "met" if all(found is not None and found >= goal for found, goal in pairs) else "missed"


def _goal(row: Row) -> str:
    fast = f", ≥ {row.fasttrackml_goal:g}×" if row.fasttrackml_goal is not None else ""
    return f"≥ {row.mlflow_goal:g}×{fast}"


def _number(figure: float | None, unit: str) -> str:
    if not figure:
        return "–"
    return f"{figure:,.0f} {unit}" if figure >= 100 else f"{figure:,.3g} {unit}"


def _times(ratio: float | None) -> str:
    if ratio is None:
        return "–"
    return f"{ratio:,.0f}×" if ratio >= 10 else f"{ratio:.2g}×"


def _markdown(lines: Iterable[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
