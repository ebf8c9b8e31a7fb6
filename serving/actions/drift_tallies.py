"""Counts for drift, ahead of the jobs of `drift_counts`, rows that a process still has in memory after storing them.

The shipper of `serving.shipping` does so. Notes say which rows are not counted: those of the rows counted here are
removed in the transaction that changes the counters. Where a job has taken one of them meanwhile, or the process is
killed before, the counts are let go and the jobs count what is left.
"""

import logging
import time

from django.db import connection, transaction

from mlregistry.ml.drift.counters import Counters
from mlregistry.ml.drift.folding import Hour, fold_logged
from serving.actions.drift_counts import Parts, add_parts, add_up
from serving.actions.prediction_rows import Stored
from serving.queries.drift_baselines import Watched, watched

logger = logging.getLogger(__name__)
KEPT_EVERY_SECONDS = 20.0  # before a job would look for them
MOST_PARTS = 500  # in memory; one is some hundred kB at most
# A job that holds one of them counts it; it is not waited for.
FORGET = """
    DELETE FROM serving_uncountedpredictions WHERE id IN (
        SELECT id FROM serving_uncountedpredictions WHERE id = ANY(%s) FOR UPDATE SKIP LOCKED
    )
"""


class Tallies:
    """Of one process, which calls from one thread."""

    def __init__(self) -> None:
        self._begin()

    def add(self, stored: Stored) -> None:
        """Counts rows whose version has a baseline, unless some of them had been stored before."""
        try:
            self._add(stored)
        except (
            Exception
        ):  # whatever is wrong with the baseline or the rows must not hold up those that follow
            logger.exception("Rows are left to be counted by a job")
            self._begin()

    def keep_if_due(self) -> bool:
        """Adds the counts to those in the database now and then; whether it did."""
        is_due = time.monotonic() - self._began >= KEPT_EVERY_SECONDS or len(self._parts) > MOST_PARTS
        return is_due and self.keep()

    def keep(self) -> bool:
        """Adds the counts to those in the database; False where there are none or where they are let go."""
        notes, parts, counted_by = self._notes, self._parts, self._watched
        self._begin()
        if not notes:
            return False
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(FORGET, [notes])
            if cursor.rowcount == len(notes):
                add_parts(parts, counted_by)
                return True
            transaction.set_rollback(True)
        return False

    def _begin(self) -> None:
        self._began = time.monotonic()
        self._notes: list[int] = []
        self._parts: Parts = {}
        self._watched: dict[int, Watched] = {}

    def _add(self, stored: Stored) -> None:
        notes = stored.whole_notes
        of_version = watched({note.version_id for note in notes})
        ours = {
            (note.endpoint_id, note.version_id): note.id for note in notes if note.version_id in of_version
        }
        folded: dict[Hour, Counters] = {}
        for hour, rows in stored.rows.items():
            if (hour.endpoint_id, hour.version_id) in ours:
                one = of_version[hour.version_id]
                folded[hour] = fold_logged(one.baseline, one.reader, rows, one.classes)
        add_up(self._parts, folded)
        self._notes += ours.values()
        self._watched.update(of_version)
