"""Serving while something fails, on a real server with two web processes of its own: the benchmark's parts, small."""

from collections.abc import Iterator

import pytest

from benchmarks.serving_faults import changes, corrupted, database_away, kills, swaps
from benchmarks.serving_faults.server import Server, running

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running(compiled=False, slow=False, connections=4, pause_seconds=0.05) as found:
        yield found


def test_no_request_fails_while_versions_and_weights_change(server: Server) -> None:
    found = swaps.swapped(server, 6)
    assert found.failed == []
    assert found.n_by("1") > 0
    assert found.n_by("2") > 0


def test_every_process_answers_by_a_change_once_the_api_says_so(server: Server) -> None:
    """It would raise if a process still answered by the former one."""
    assert changes.changed(server, 1).right


def test_a_changed_model_file_is_fetched_anew_or_never_served(server: Server) -> None:
    lines = corrupted.measure(server, put_back=False)
    assert [line for line in lines if not line.met] == []


def test_every_answered_prediction_of_killed_processes_is_in_the_log_once(server: Server) -> None:
    (line,) = kills.measure(server, 2)
    assert line.met, line


def test_no_prediction_fails_nor_is_lost_while_postgresql_is_away(server: Server) -> None:
    (line,) = database_away.measure(server, 1.5)
    assert line.met, line
