"""Images that several runs hold under the same path, to be seen side by side. Called by pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.db.models import Count, Q

from experiments.models import Artifact, Run

MOST_PATHS = 30
ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".bmp")


def images(runs: Sequence[Run]) -> list[tuple[str, list[tuple[Run, int]]]]:
    """Paths that at least two runs have, each with the runs and the ids of their files; two queries."""
    kind = Q()
    for ending in ENDINGS:
        kind |= Q(path__endswith=ending)
    rows = Artifact.objects.filter(kind, run__in=runs)
    shared = rows.values("path").annotate(n=Count("run")).filter(n__gt=1).order_by("path")
    paths = [row["path"] for row in shared[:MOST_PATHS]]
    found: dict[str, dict[object, int]] = defaultdict(dict)
    for path, run_id, key in rows.filter(path__in=paths).values_list("path", "run_id", "pk"):
        found[path][run_id] = key
    return [(path, [(run, found[path][run.pk]) for run in runs if run.pk in found[path]]) for path in paths]
