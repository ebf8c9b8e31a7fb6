"""The generator against a real server on loopback: rates, lines, stalls, errors, lost connections."""

import socket
from itertools import count

import pytest

from mlregistry.errors import Unavailable
from mlregistry.loadtests.load import Beat, run
from mlregistry.loadtests.plans import Measured, Plan, Target
from tests.loadtests.answering import Answering, Stalling, request, saying, serving


def measured(answer: Answering, plan: Plan) -> Measured:
    with serving(answer) as port:
        return run(Target("127.0.0.1", port, [request()]), plan)


def test_a_constant_rate_plans_exactly_so_many_requests_and_each_is_answered() -> None:
    found = measured(lambda *_: (200, b"ok"), Plan("constant", 0.5, 4, rate=40, warm_up_seconds=0.25))
    assert found.n == 20
    assert found.statuses == {"200": 20}
    assert found.throughput == pytest.approx(40)
    assert found.figures()["error_share"] == 0


def test_a_stall_is_charged_to_all_requests_that_were_due_meanwhile() -> None:
    """A closed loop would see one slow request per connection: that is coordinated omission."""
    open_loop = measured(Stalling(0.25, 0.5), Plan("constant", 1.0, 2, rate=100))
    slow = sum(n for bound, n in open_loop.histogram.bars() if bound > 0.1)
    assert slow >= 35
    assert open_loop.n == 100
    closed = measured(Stalling(0.25, 0.5), Plan("closed", 1.0, 2))
    assert sum(n for bound, n in closed.histogram.bars() if bound > 0.4) < 10


def test_errors_are_counted_by_status_and_503_apart() -> None:
    numbers = count()
    found = measured(
        lambda *_: (503, b"full") if next(numbers) % 4 == 0 else (200, b"ok"),
        Plan("constant", 0.5, 1, rate=40),
    )
    assert found.statuses == {"200": 15, "503": 5}
    assert found.figures()["share_503"] == pytest.approx(0.25)
    assert found.throughput == pytest.approx(30)


def test_a_request_without_an_answer_times_out_and_what_never_got_a_connection_counts_too() -> None:
    plan = Plan("constant", 0.4, 1, rate=10, timeout_seconds=0.3)
    found = measured(Stalling(0.0, 1.2), plan)
    assert found.n == 4
    assert "timed out" in found.statuses
    assert found.error_share > 0


def test_a_lost_connection_is_made_anew() -> None:
    with saying([]) as port:
        found = run(Target("127.0.0.1", port, [request()]), Plan("constant", 0.5, 1, rate=6))
    assert found.statuses == {"broken": 3}


def test_where_nothing_listens_it_says_so() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(Unavailable, match="Nothing answers at"):
            run(Target("127.0.0.1", port, [request()]), Plan("closed", 1, 1))


class Enough(Exception):
    pass


def test_who_listens_may_end_the_run() -> None:
    def hear(beat: Beat) -> None:
        raise Enough

    with serving(lambda *_: (200, b"ok")) as port, pytest.raises(Enough):
        run(Target("127.0.0.1", port, [request()]), Plan("constant", 60, 1, rate=5), hear)


def test_chunked_answers_and_closing_servers_are_understood() -> None:
    answers = [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"this is no HTTP\r\n\r\n",
    ]
    with saying(answers) as port:
        found = run(Target("127.0.0.1", port, [request()]), Plan("constant", 0.5, 1, rate=10))
    assert found.statuses == {"200": 2, "404": 1, "204": 1, "broken": 1}
