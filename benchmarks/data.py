"""`python -m benchmarks.data`: what work on tables costs in processor time and memory, against the goals.

Rows come from the modules of `benchmarks.data_work`; `--only profile` chooses those whose titles hold the word,
`--large` adds those of ten million rows, `--peers none` leaves other tools out.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable
from pathlib import Path

from benchmarks.data_work import profiles
from benchmarks.data_work.row import CPU, MEMORY, SECONDS, Figures, Ground, Row

ROWS: tuple[Row, ...] = (*profiles.ROWS,)
PEERS = ("ydata",)


def main() -> None:
    options = _options()
    chosen = [row for row in ROWS if options.large or row.size == "usual"]
    chosen = [row for row in chosen if options.only in row.title]
    if options.peers == "none":
        chosen = [row for row in chosen if not row.title.startswith(PEERS)]
    with tempfile.TemporaryDirectory(prefix="mlregistry-bench-") as scratch:
        ground = Ground(Path(options.folder or scratch), Path(options.peers_folder).absolute())
        ground.folder.mkdir(parents=True, exist_ok=True)
        run(chosen, ground)


def run(rows: Iterable[Row], ground: Ground) -> None:
    """Measures one row after the other and prints each as soon as it is known."""
    print(
        f"| work | {CPU} | {MEMORY} | {SECONDS} | other | goal | |\n|---|---:|---:|---:|---|---|---|",
        flush=True,
    )
    figures: dict[str, Figures] = {}
    for row in rows:
        figures[row.title] = row.measure(ground, figures)
        print(line(row, figures[row.title]), flush=True)


def line(row: Row, figures: Figures) -> str:
    """The row in Markdown: its figures, its goals, and whether they are met."""
    usual = (CPU, MEMORY, SECONDS)
    cells = [_number(figures[unit]) if unit in figures else "–" for unit in usual]
    other = ", ".join(f"{_number(value)} {unit}" for unit, value in figures.items() if unit not in usual)
    verdicts = [goal.met(figures) for goal in row.goals]
    verdict = "" if not verdicts else "missed" if False in verdicts else "–" if None in verdicts else "met"
    return f"| {' | '.join([row.title, *cells, other or '–', ', '.join(map(str, row.goals)), verdict])} |"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="a word of the titles to run")
    parser.add_argument("--large", action="store_true", help="also tables of ten million rows")
    parser.add_argument("--folder", help="keep the generated tables here for another run")
    parser.add_argument("--peers", choices=("all", "none"), default="all")
    parser.add_argument("--peers-folder", default=".venv/peers", help="where environments of peers are made")
    return parser.parse_args()


if __name__ == "__main__":
    main()
