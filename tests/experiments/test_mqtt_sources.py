"""Topics of a real broker as a source: nothing is lost, nothing counts twice, nothing bad blocks what is good."""

import logging
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from experiments.actions import datasets as dataset_actions
from experiments.actions import sources as actions
from experiments.actions import streams, subscriptions
from experiments.models import Dataset, DataSource, SourceState, StagedRow
from experiments.queries import datasets as queries
from experiments.sources import mqtt_line
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.errors import Invalid, Unavailable
from mlregistry.jobs.inline import run_here
from tests.broker import Broker, broker
from tests.certificates import certificate_for

pytestmark = pytest.mark.django_db
PASSWORD = "pass-of-the-broker"
TOPIC = "plant/a/temperature"


@pytest.fixture(autouse=True)
def _quick(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ALLOWED_NETWORKS = ["127.0.0.0/8"]
    monkeypatch.setattr(subscriptions, "QUIET_SECONDS", 0.4)


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Broker]:
    with broker(tmp_path) as found:
        yield found


@pytest.fixture
def dataset(editor: Actor) -> Dataset:
    return dataset_actions.create_dataset("Sensors", by=editor)


def make(
    dataset: Dataset, port: int, by: Actor, *, secret: str = "", name: str = "", **config: str
) -> DataSource:
    place = {"host": "127.0.0.1", "port": str(port), "tls": "off", "topic": "plant/+/temperature"}
    paths = {"key": "id", "event_at": "at"}
    secrets = {"secret": secret} if secret else {}
    settings = {**place, **paths, **config}
    return actions.create_source(dataset, "mqtt", config=settings, secrets=secrets, name=name, by=by)


def listen(
    source: DataSource, by: Actor, report: Any = lambda fraction, message: None
) -> subscriptions.Tally:
    source.refresh_from_db()
    return subscriptions.listen(source, report, by=by)


def reading(number: int, **values: Any) -> dict[str, Any]:
    return {"id": f"r{number}", "at": f"2024-01-31T12:00:{number % 60:02}Z", "t": number / 2, **values}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def kept() -> list[str]:
    return list(StagedRow.objects.order_by("event_at", "id").values_list("key", flat=True))


# ---------------------------------------------------------------- what comes


def test_what_came_while_nobody_listened_becomes_rows_and_a_version(
    plant: Broker, dataset: Dataset, editor: Actor
) -> None:
    source = make(dataset, plant.port, editor, topic_column="topic")
    assert listen(source, editor).n_messages == 0
    plant.publish(TOPIC, reading(1), [reading(2), reading(3)])
    plant.publish("plant/b/temperature", reading(4))
    plant.publish("plant/b/pressure", reading(5))
    tally = listen(source, editor)
    assert (tally.n_messages, tally.n_rows, tally.n_new, tally.n_bad) == (3, 4, 4, 0)
    assert listen(source, editor).n_messages == 0
    version = streams.roll(dataset, by=editor)
    assert version is not None
    assert queries.preview(version)[3] == {
        "key": "r4",
        "event_at": "2024-01-31T12:00:04",
        "t": 2.0,
        "topic": "plant/b/temperature",
    }


def test_thousands_of_messages_arrive_once_and_all(plant: Broker, dataset: Dataset, editor: Actor) -> None:
    source = make(dataset, plant.port, editor)
    listen(source, editor)
    plant.publish(TOPIC, *(reading(i) for i in range(900)))
    assert listen(source, editor).n_new == 900
    assert len(set(kept())) == 900


def test_rows_come_while_it_listens(plant: Broker, dataset: Dataset, editor: Actor) -> None:
    source = make(dataset, plant.port, editor, qos="0", listen_seconds="2")
    timer = threading.Timer(0.8, plant.publish, (TOPIC, reading(1)))
    timer.start()
    assert listen(source, editor).n_new == 1
    timer.join()


def test_a_key_counts_once_however_often_it_is_sent(plant: Broker, dataset: Dataset, editor: Actor) -> None:
    source = make(dataset, plant.port, editor)
    listen(source, editor)
    plant.publish(TOPIC, reading(1), reading(1), reading(2))
    assert listen(source, editor).n_new == 2
    plant.publish(TOPIC, reading(2), reading(3))
    tally = listen(source, editor)
    assert (tally.n_rows, tally.n_new) == (2, 1)


def test_a_retained_message_comes_with_the_first_listening_alone(
    plant: Broker, dataset: Dataset, editor: Actor
) -> None:
    plant.publish(TOPIC, reading(1), retain=True)
    source = make(dataset, plant.port, editor)
    assert listen(source, editor).n_messages == 1
    assert listen(source, editor).n_messages == 0


def test_another_topic_is_listened_to_from_then_on(plant: Broker, dataset: Dataset, editor: Actor) -> None:
    source = make(dataset, plant.port, editor)
    listen(source, editor)
    plant.publish(TOPIC, reading(1))
    actions.update_source(source, config={**source.config, "topic": "mill/#"}, by=editor)
    assert listen(source, editor).n_messages == 0
    plant.publish(TOPIC, reading(2))
    plant.publish("mill/x", reading(3))
    assert listen(source, editor).n_new == 1
    assert kept() == ["r3"]


# ---------------------------------------------------------------- what is bad


def test_messages_that_cannot_be_used_are_told_and_hold_up_nothing(
    plant: Broker, dataset: Dataset, editor: Actor
) -> None:
    source = make(dataset, plant.port, editor)
    listen(source, editor)
    bad = [
        "no json", b"\xff\xfe", "[]", '{"id": "x"}', reading(9, t=[1]), '{"id": "y", "at": "soon", "t": 1}',
        '{"id": "z", "at": "2024-01-31", "t": "\\u0000"}', '{"id": "w", "at": "2024-01-31", "t": 1e999}',
        "[" * 500 + "]" * 500, b"x" * 1_200_000,
    ]  # fmt: skip
    plant.publish(TOPIC, reading(1), *bad, reading(2))
    tally = listen(source, editor)
    assert (tally.n_messages, tally.n_new, tally.n_bad) == (12, 2, 10)
    assert tally.problems[0].startswith(f"{TOPIC}: The body is not valid JSON")
    source.refresh_from_db()
    assert (source.state, source.error[:44]) == (
        SourceState.READY,
        "10 of 12 messages could not be used. plant/a",
    )
    assert listen(source, editor).n_messages == 0
    source.refresh_from_db()
    assert source.error == ""


def test_rows_that_do_not_fit_the_dataset_are_told(plant: Broker, dataset: Dataset, editor: Actor) -> None:
    streams.append(dataset, [{"key": "a", "event_at": "2024-01-01", "values": {"t": 1.5}}], by=editor)
    streams.roll(dataset, by=editor)
    source = make(dataset, plant.port, editor)
    listen(source, editor)
    plant.publish(TOPIC, reading(1), reading(2, t="hot"), reading(3, u=1), reading(4))
    tally = listen(source, editor)
    assert (tally.n_new, tally.n_bad) == (2, 2)
    assert "holds float values" in tally.problems[0]


def test_a_dataset_of_other_rows_takes_none_and_no_message_is_lost(
    plant: Broker, dataset: Dataset, editor: Actor, tmp_path: Path
) -> None:
    source = make(dataset, plant.port, editor)
    listen(source, editor)
    plant.publish(TOPIC, reading(1))
    file = tmp_path / "t.csv"
    file.write_text("a,b\n1,2\n")
    dataset_actions.add_version(dataset, file, filename="t.csv", by=editor)
    with pytest.raises(Invalid, match="no columns key and event_at"):
        listen(source, editor)
    with pytest.raises(Invalid, match="no columns key and event_at"):
        make(dataset, plant.port, editor, topic="other")
    dataset.versions.all().delete()
    assert listen(source, editor).n_new == 1


# ---------------------------------------------------------------- what breaks


def test_a_broker_that_dies_in_the_middle_keeps_what_came(
    plant: Broker, dataset: Dataset, editor: Actor
) -> None:
    source = make(dataset, plant.port, editor)
    listen(source, editor)
    plant.publish(TOPIC, *(reading(i) for i in range(100)))

    def die(fraction: float, message: str) -> None:
        plant.kill()

    with pytest.raises(Unavailable, match=r"broke off\. \d+ rows that came before are kept"):
        listen(source, editor, die)
    source.refresh_from_db()
    assert source.state == SourceState.FAILED
    assert 0 < len(kept()) <= 100
    with pytest.raises(Unavailable, match="cannot be reached"):
        listen(source, editor)


def test_what_was_not_kept_is_not_acknowledged_and_comes_again(
    plant: Broker, dataset: Dataset, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make(dataset, plant.port, editor)
    listen(source, editor)
    plant.publish(TOPIC, reading(1), reading(2))
    with monkeypatch.context() as patch:
        patch.setattr(streams, "append", _break)
        with pytest.raises(RuntimeError):
            listen(source, editor)
    assert kept() == []
    assert listen(source, editor).n_new == 2


def test_what_was_kept_but_not_acknowledged_comes_again_and_counts_once(
    plant: Broker, dataset: Dataset, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make(dataset, plant.port, editor)
    listen(source, editor)
    plant.publish(TOPIC, reading(1), reading(2))
    with monkeypatch.context() as patch:
        patch.setattr(mqtt_line.Line, "acknowledge", _break)
        with pytest.raises(RuntimeError):
            listen(source, editor)
    tally = listen(source, editor)
    assert (tally.n_rows, tally.n_new) == (2, 0)
    assert kept() == ["r1", "r2"]


def _break(*args: Any, **options: Any) -> None:
    raise RuntimeError("broken")


def test_a_host_that_falls_silent_is_left(
    dataset: Dataset, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt_line, "ANSWER_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        source = make(dataset, server.getsockname()[1], editor)
        with pytest.raises(Unavailable, match="does not answer"):
            listen(source, editor)


def test_a_host_that_speaks_something_else_is_left(dataset: Dataset, editor: Actor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        source = make(dataset, server.getsockname()[1], editor)
        thread = threading.Thread(target=lambda: server.accept()[0].sendall(b"HTTP/1.1 400 No\r\n" * 50))
        thread.start()
        with pytest.raises(Unavailable):
            listen(source, editor)
        thread.join()


# ---------------------------------------------------------------- who may


def test_an_inner_address_is_refused(
    plant: Broker, dataset: Dataset, editor: Actor, settings: Settings
) -> None:
    source = make(dataset, plant.port, editor)
    settings.ALLOWED_NETWORKS = []
    with pytest.raises(Invalid, match="not a public address"):
        listen(source, editor)
    with pytest.raises(Invalid, match="not a public address"):
        actions.preview_source("mqtt", source.config, {}, by=editor)


def test_the_password_is_sent_and_shown_nowhere(
    dataset: Dataset, editor: Actor, bob: User, tmp_path: Path, settings: Settings,
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    settings.SOURCES_OVER_HTTP = True
    caplog.set_level(logging.DEBUG)
    with broker(tmp_path, user="bob", password=PASSWORD) as plant:
        good = make(dataset, plant.port, editor, secret=PASSWORD, user="bob", name="good")
        assert listen(good, editor).n_messages == 0
        wrong = make(dataset, plant.port, editor, secret="wrong-" + PASSWORD, user="bob", topic="x")
        with pytest.raises(Unavailable, match="refuses the connection: Not authorized") as caught:
            listen(wrong, editor)
    wrong.refresh_from_db()
    client = signed_in(bob)
    answer = client.get(f"/api/v1/datasets/{dataset.pk}/sources/").content.decode()
    page = client.get(f"/datasets/{dataset.pk}/sources/{good.pk}/").content.decode()
    everywhere = [answer, page, wrong.error, str(caught.value), caplog.text, *capfd.readouterr(), good.sealed]
    assert not any(PASSWORD in text for text in everywhere)


def test_a_password_goes_only_over_an_encrypted_line(dataset: Dataset, editor: Actor) -> None:
    with pytest.raises(Invalid, match="travel in the open"):
        make(dataset, 1883, editor, user="bob", secret=PASSWORD)


def test_encryption_is_held_against_the_name_though_the_address_is_pinned(
    dataset: Dataset, editor: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = certificate_for("broker.test", tmp_path)
    real = socket.getaddrinfo
    names = {"broker.test": "127.0.0.1", "other.test": "127.0.0.1"}
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *a, **o: real(names.get(host, host), *a, **o))
    with broker(tmp_path, f"certfile {certificate}", f"keyfile {certificate}") as plant:
        untrusted = make(dataset, plant.port, editor, tls="on", host="broker.test", topic="a")
        with pytest.raises(Unavailable, match=r"encryption of broker\.test fails"):
            listen(untrusted, editor)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert listen(untrusted, editor).n_messages == 0
        actions.update_source(untrusted, config={**untrusted.config, "host": "other.test"}, by=editor)
        with pytest.raises(Unavailable, match=r"encryption of other\.test fails"):
            listen(untrusted, editor)


@pytest.mark.parametrize("topic", ["a/#/b", "a+", "a#", "#a", "$share/+/a"])
def test_a_topic_that_is_none_is_refused(dataset: Dataset, editor: Actor, topic: str) -> None:
    with pytest.raises(Invalid, match="whole level"):
        make(dataset, 1883, editor, topic=topic)


# ---------------------------------------------------------------- through the doors


def test_a_preview_shows_rows_and_leaves_them_at_the_broker(
    plant: Broker, dataset: Dataset, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("experiments.sources.mqtt.PREVIEW_SECONDS", 0.6)
    source = make(dataset, plant.port, editor)
    with pytest.raises(Invalid, match="No message came"):
        actions.preview_source("mqtt", source.config, {}, by=editor)
    plant.publish(TOPIC, reading(1), retain=True)
    info, rows = actions.preview_source("mqtt", source.config, {}, by=editor)
    assert [column.type for column in info.columns] == ["string", "datetime", "float"]
    assert rows[0]["key"] == "r1"
    plant.publish(TOPIC, "no json", retain=True)
    with pytest.raises(Invalid, match="could be used: The body is not valid JSON"):
        actions.preview_source("mqtt", source.config, {}, by=editor)
    assert kept() == []


def test_the_job_and_the_page_tell_what_came(
    plant: Broker, dataset: Dataset, editor: Actor, bob: User
) -> None:
    source = make(dataset, plant.port, editor)
    listen(source, editor)
    plant.publish(TOPIC, reading(1), "no json")
    job = run_here(actions.start_refresh(source, by=editor))
    assert job.state == "SUCCEEDED"
    result = job.result or {}
    assert (result["n_new"], result["n_bad"]) == (1, 1)
    assert result["problems"][0].startswith(TOPIC)
    page = signed_in(bob).get(f"/datasets/{dataset.pk}/sources/{source.pk}/").content.decode()
    assert "1 new row" in page
    assert "1 could not be used" in page
