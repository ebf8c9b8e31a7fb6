"""Counters: totals grow, drains empty, nothing is lost between threads."""

from __future__ import annotations

import threading

from serving.hotpath.counters import BOUNDS, Counters, Key

KEY = Key(endpoint_id=1, variant="a", version_id=2, status=200)


def test_latencies_fall_into_their_buckets() -> None:
    counters = Counters()
    for seconds in (0.0001, 0.001, 0.0011, 99.0):
        counters.add(KEY, n_rows=2, seconds=seconds)
    tally = counters.totals()[KEY]
    assert (tally.n_requests, tally.n_rows) == (4, 8)
    assert tally.histogram == [1, 1, 1] + [0] * (len(BOUNDS) - 3) + [1]


def test_a_drain_gives_what_came_since_the_last_and_totals_stay() -> None:
    counters = Counters()
    counters.add(KEY, n_rows=1, seconds=0.1)
    assert counters.drain()[KEY].n_requests == 1
    assert counters.drain() == {}
    counters.add(KEY, n_rows=1, seconds=0.1)
    assert counters.drain()[KEY].n_requests == 1
    assert counters.totals()[KEY].n_requests == 2


def test_a_copy_of_totals_does_not_move() -> None:
    counters = Counters()
    counters.add(KEY, n_rows=1, seconds=0.1)
    before = counters.totals()
    counters.add(KEY, n_rows=1, seconds=0.1)
    assert before[KEY].n_requests == 1


def test_threads_lose_no_count() -> None:
    counters = Counters()

    def add() -> None:
        for _ in range(1000):
            counters.add(KEY, n_rows=1, seconds=0.1)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counters.drain()[KEY].n_requests == 4000
