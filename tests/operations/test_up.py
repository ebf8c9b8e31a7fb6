"""`make up` as a whole: one per home, one line for each foreseeable trouble, nothing left behind."""

import http.client
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from mlregistry.supervisor import addresses
from tests.operations.starting import PATIENCE_SECONDS, Server, start
from tests.servers import free_port

MEGABYTE = 2**20


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for the whole module; a test that ends it starts it again."""
    server = start(tmp_path_factory.mktemp("up") / "home", free_port())
    try:
        server.wait_until_ready()
        yield server
    finally:
        if server.process.poll() is None:
            server.stop()


def test_it_prints_its_address_and_how_to_log_in(running: Server) -> None:
    assert f"http://127.0.0.1:{running.port}" in running.output()
    assert "token" in running.output().lower()


def test_a_second_start_on_the_same_home_says_so_in_one_line(running: Server) -> None:
    assert start(running.home, free_port()).refusal() == (
        f"mlregistry is already running on {running.home}: "
        f"http://127.0.0.1:{running.port} (process {running.process.pid})\n"
    )
    assert addresses.healthy("127.0.0.1", running.port)


def test_all_processes_together_rest_within_300_megabytes_beside_postgresql(running: Server) -> None:
    time.sleep(1)
    ours = [one for one in running.tree() if one.name() != "postgres"]
    used = {" ".join(_command(one)): one.memory_full_info().pss / MEGABYTE for one in ours}
    assert sum(used.values()) <= 300, used


def test_pages_find_what_they_calculate_with_in_memory_that_the_web_processes_share(running: Server) -> None:
    for process in (running.command("mlregistry.supervisor.web"), *serving(running)):
        paths = {one.path for one in process.memory_maps()}
        assert any("/sklearn/metrics/" in path for path in paths)
        assert any("/pandas/" in path for path in paths)


def test_the_fork_server_of_jobs_is_not_started_before_the_first_job(running: Server) -> None:
    assert not any("mlregistry.jobs.forkserver" in _command(one) for one in running.tree())


def serving(running: Server) -> list[psutil.Process]:
    """The web processes; beside them one ships the prediction log, behind all others in line."""
    parent, deadline = running.command("mlregistry.supervisor.web"), time.monotonic() + PATIENCE_SECONDS
    while True:
        children = parent.children()
        found = [one for one in children if one.nice() == parent.nice()]
        if len(found) == len(children) - 1:
            return found
        assert time.monotonic() < deadline, running.output()
        time.sleep(0.1)


def test_a_web_process_that_dies_is_forked_again(running: Server) -> None:
    workers = serving(running)
    assert len(workers) == 2
    workers[0].kill()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(left := serving(running)) < 2 or workers[0] in left:
        assert time.monotonic() < deadline, running.output()
        time.sleep(0.1)
    running.wait_until_healthy()


@pytest.mark.parametrize("words", ["mlregistry.supervisor.web", "manage.py worker"])
def test_a_process_that_dies_is_started_again_without_what_it_left(running: Server, words: str) -> None:
    before = running.command(words)
    family = before.children(recursive=True)
    before.kill()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = [one for one in running.tree()[1:] if words in " ".join(_command(one)) and one != before]
        if found and not any(one.is_running() for one in family):
            break
        assert time.monotonic() < deadline, running.output()
        time.sleep(0.1)
    running.wait_until_healthy()


def test_without_its_database_it_says_so_to_known_and_unknown_tokens_and_comes_back(running: Server) -> None:
    database = next(one for one in running.tree()[0].children() if one.name() == "postgres")
    running.process.send_signal(signal.SIGSTOP)  # or it would start the database again at once
    try:
        database.send_signal(signal.SIGQUIT)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while _alive(
            database
        ):  # nobody reaps it while its parent is stopped: waiting for its number would take all
            assert time.monotonic() < deadline, running.output()
            time.sleep(0.02)
        for path in (
            "/api/v1/experiments/",
            "/api/2.0/mlflow/experiments/get-by-name?experiment_name=x",
            "/api/v1/endpoints/churn/invocations",
        ):
            status, kind, body = _asked(running.port, path)
            assert (status, "json" in kind) == (503, True), (path, body)
            assert b"database does not answer" in body
        assert _asked(running.port, "/health")[0] == 503
        for path in ("/login/", "/admin/"):
            status, _, body = _asked(running.port, path, Cookie="sessionid=" + "s" * 32)
            assert status == 503, (path, body)
            assert b"database does not answer" in body
    finally:
        running.process.send_signal(signal.SIGCONT)
    running.wait_until_healthy()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while _asked(running.port, "/api/v1/experiments/")[0] != 401:
        assert time.monotonic() < deadline, running.output()
        time.sleep(0.1)


def test_a_port_in_use_gets_one_line_and_makes_no_database(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        told = start(tmp_path / "home", port).refusal()
    assert told == (
        f"Port {port} on 127.0.0.1 is in use by another program; choose another: make up PORT={port + 1}\n"
    )
    assert not (tmp_path / "home" / "postgres").exists()


@pytest.mark.parametrize("value", ["0", "http"])
def test_a_port_that_is_none_gets_one_line(tmp_path: Path, value: str) -> None:
    told = start(tmp_path / "home", 1, PORT=value).refusal()
    assert told == f"PORT must be a whole number from 1 to 65535, not '{value}'\n"


def test_a_setting_of_the_web_server_is_checked_before_a_database_is_made(tmp_path: Path) -> None:
    told = start(tmp_path / "home", free_port(), MLREGISTRY_WEB_WORKERS="none").refusal()
    assert "MLREGISTRY_WEB_WORKERS must be a whole number from 1 to 256, not 'none'\n" in told
    assert not (tmp_path / "home" / "postgres").exists()


def test_the_first_secrets_are_shown_even_when_the_start_is_cut_off_before_it_is_ready(
    tmp_path: Path,
) -> None:
    server = start(tmp_path / "home", free_port())
    deadline = time.monotonic() + PATIENCE_SECONDS
    while "API token: " not in server.output():
        assert server.process.poll() is None, server.output()
        assert time.monotonic() < deadline, server.output()
        time.sleep(0.01)
    assert "is ready after" not in server.output()
    assert "with the password" in server.output()
    server.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_all_and_the_home_can_be_used_again(running: Server, number: signal.Signals) -> None:
    tree = running.tree()
    running.stop(number)
    assert running.process.returncode == 0
    assert [one for one in tree if _alive(one)] == []
    log = (running.home / "postgres.log").read_text()
    assert log.rstrip().endswith("database system is shut down")
    running.start_again()


def test_a_killed_supervisor_leaves_no_process_and_the_next_start_works(running: Server) -> None:
    tree = running.tree()
    running.process.kill()
    running.process.wait()
    running.start_again()
    assert [one for one in tree if _alive(one)] == []


def test_a_signal_during_the_first_start_leaves_no_process(tmp_path: Path) -> None:
    server = start(tmp_path / "home", free_port())
    while not (tmp_path / "home" / "postgres").exists():
        assert server.process.poll() is None, server.output()
        time.sleep(0.01)
    tree = server.tree()
    server.stop()
    assert [one for one in tree if _alive(one)] == []


def _asked(port: int, path: str, **more: str) -> tuple[int, str, bytes]:
    """The answer to a token that nobody has."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    verb = "POST" if path.endswith("invocations") else "GET"
    headers = {"Authorization": "Bearer mlr_unknown0_" + "u" * 43, "Content-Type": "application/json"}
    connection.request(verb, path, b"{}" if verb == "POST" else None, headers | more)
    answer = connection.getresponse()
    return answer.status, answer.headers.get("Content-Type", ""), answer.read()


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
