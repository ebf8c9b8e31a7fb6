"""What an import or export found and what arrived, noun by noun, as a table. Called by moving and the commands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

NOUNS = (
    "experiments", "runs", "params", "tags", "latest metrics", "points", "dataset inputs", "logged models",
    "model metrics", "model links", "artifacts", "artifact bytes", "models", "versions", "aliases",
)  # fmt: skip
MOST_EXAMPLES, MOST_REFUSED = 3, 20


@dataclass
class Report:
    """`there` counts the one side, `here` the other; what was left out is counted with why, and has examples."""

    there: Counter[str] = field(default_factory=Counter)
    here: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stopped: bool = False

    def leave_out(self, noun: str, why: str, example: str, n: int = 1) -> None:
        self.left_out[noun, why] += n
        shown = self.examples.setdefault((noun, why), [])
        if len(shown) < MOST_EXAMPLES:
            shown.append(example)

    def missing(self, noun: str) -> int:
        """How many are there, not here, and not left out on purpose."""
        planned = sum(n for (of, _), n in self.left_out.items() if of == noun)
        return self.there[noun] - self.here[noun] - planned

    @property
    def agrees(self) -> bool:
        return not self.refused and not any(self.missing(noun) for noun in NOUNS)

    def lines(self, there: str, here: str) -> Iterator[str]:
        """The table, then what differs, what was left out, and what should be known."""
        yield f"{'':16}{there:>16}{here:>16}{'left out':>12}{'new':>12}"
        for noun in NOUNS:
            planned = sum(n for (of, _), n in self.left_out.items() if of == noun)
            mark = "" if not self.missing(noun) else f"   differs by {self.missing(noun):,}"
            yield (
                f"{noun:16}{self.there[noun]:>16,}{self.here[noun]:>16,}{planned:>12,}"
                f"{self.written[noun]:>12,}{mark}"
            )
        for (noun, why), n in sorted(self.left_out.items()):
            yield f"left out: {n:,} {noun} {why} (such as {', '.join(self.examples[noun, why])})"
        yield from (f"refused: {text}" for text in self.refused[:MOST_REFUSED])
        if len(self.refused) > MOST_REFUSED:
            yield f"refused: {len(self.refused) - MOST_REFUSED:,} more"
        yield from (f"note: {text}" for text in dict.fromkeys(self.notes))
