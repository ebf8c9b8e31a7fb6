"""Where the answers of load tests are written down: apart from those of real requests. `serving.live_routing` asks.

The work is the same (the log's too), so what is measured is what real requests would get.
"""

import time
from collections.abc import Mapping
from pathlib import Path

from serving import load_marks
from serving.hotpath import segments
from serving.hotpath.counters import Counters
from serving.hotpath.log import PredictionLog
from serving.hotpath.snapshot import Address

Books = tuple[PredictionLog, Counters]
SEGMENT_SECONDS = 5.0


class LoadBooks:
    """A log that is thrown away and counters that nobody adds to the endpoint's."""

    def __init__(self, kept: PredictionLog, folder: Path) -> None:
        self.counters = Counters()
        self.log = PredictionLog(folder, max_age_seconds=SEGMENT_SECONDS, syncs_each=kept.syncs_each)
        self._kept = kept

    def of(self, address: Address, headers: Mapping[str, str]) -> Books | None:
        """None for a request that no load test of this endpoint sent."""
        mark = load_marks.read(headers, now=time.time())
        if mark is None or (mark.team, mark.endpoint) != (address.team, address.name):
            return None
        return (self._kept if mark.kept else self.log), self.counters

    def tidy(self) -> None:
        """Removes what is written; also what a process that was killed has left."""
        for segment in segments.listing(self.log.folder):
            if segment.closed:
                segments.remove(segment)

    def close(self) -> None:
        self.log.close()
        self.tidy()
