"""What two versions say of the same rows, laid side by side for their comparison. The job of retraining calls it."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily
from mlregistry.ml.metrics import Outcome, class_numbers
from models_app.models import ModelVersion
from serving.model_files import load_whole
from serving.queries.labelled_rows import FreshRow
from serving.queries.routing import handle_of

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazily("numpy")

CHUNK = 500
Report = Callable[[float, str], None]
Scores = dict[str, list[Any]]


def outcomes(
    champion: ModelVersion, challenger: ModelVersion, kind: str, rows: Sequence[FreshRow], report: Report
) -> tuple[Outcome, Outcome]:
    """Of the rows whose truth is one of their classes, or a number."""
    classes = _classes(champion, challenger)
    known = [row for row in rows if _is_known(row.truth, kind, classes)]
    if not known:
        raise Invalid("Not one of the held-out rows has a truth that the versions know.")
    return (
        _answered(champion, kind, known, classes, lambda share: report(0.1 + 0.35 * share, str(champion))),
        _answered(
            challenger, kind, known, classes, lambda share: report(0.45 + 0.35 * share, str(challenger))
        ),
    )


def _answered(
    version: ModelVersion,
    kind: str,
    rows: Sequence[FreshRow],
    classes: Sequence[Any],
    report: Callable[[float], None],
) -> Outcome:
    scores = _scores(version, rows, report)
    return _outcome(version, kind, [row.truth for row in rows], scores, classes)


def _classes(*versions: ModelVersion) -> list[Any]:
    """Of both: a challenger may know a class that came up since."""
    found: dict[Any, None] = {}
    for version in versions:
        found.update(dict.fromkeys(version.served_signature.get("classes") or ()))
    return list(found)


def _is_known(truth: Any, kind: str, classes: Sequence[Any]) -> bool:
    if kind == "classification":
        return isinstance(truth, str | int | float | bool) and truth in classes
    return isinstance(truth, int | float) and not isinstance(truth, bool)


def _scores(version: ModelVersion, rows: Sequence[FreshRow], report: Callable[[float], None]) -> Scores:
    """Rows as they were sent, of which a version of fewer columns reads its own."""
    model = load_whole(handle_of(version))
    own = {field.name for field in model.inputs}
    found: Scores = {"predictions": [], "probabilities": []}
    for start in range(0, len(rows), CHUNK):
        some = [
            {name: value for name, value in row.input.items() if name in own}
            for row in rows[start : start + CHUNK]
        ]
        scores = model.score(some)
        found["predictions"] += scores["predictions"]
        found["probabilities"] += scores.get("probabilities") or []
        report(start / len(rows))
    return found


def _outcome(
    version: ModelVersion, kind: str, truths: Sequence[Any], scores: Scores, classes: Sequence[Any]
) -> Outcome:
    if kind != "classification":
        return Outcome(
            np.array(truths, dtype=float),
            np.array([float(one) for one in scores["predictions"]], dtype=float),
        )
    return Outcome(
        class_numbers(np.array(truths), list(classes)), class_numbers(np.array(scores["predictions"]), list(classes)),
        _laid_out(version, scores["probabilities"], classes), len(classes),
    )  # fmt: skip


def _laid_out(version: ModelVersion, probabilities: list[Any], classes: Sequence[Any]) -> Any:
    """A column for each class of both, nothing in those that the version does not know."""
    if not probabilities:
        return None
    own = list(version.served_signature.get("classes") or ())
    found = np.zeros((len(probabilities), len(classes)))
    found[:, [classes.index(one) for one in own]] = np.array(probabilities, dtype=float)
    return found
