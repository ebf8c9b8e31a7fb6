"""The prediction log: nothing acknowledged is lost, torn tails are tolerated, segments rotate."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mlregistry.errors import Unavailable
from serving.hotpath import records, segments
from serving.hotpath.log import PredictionLog
from serving.hotpath.records import Columns, Record
from serving.hotpath.segment_file import READY_BYTES


def record(number: int = 0) -> Record:
    return Record(
        id=f"{number:032x}",
        at=1.5,
        team_id=1,
        endpoint_id=2,
        variant="a",
        version_id=3,
        request_id="r",
        unit_id="ü",
        n_rows=1,
        seconds=0.01,
        inputs=[{"x": 1.5, "y": None, "z": "text"}],
        predictions=["Yes"],
        probabilities=[[0.25, 0.75]],
    )


def everything(folder: Path) -> list[Record]:
    return [found for segment in segments.listing(folder) for found in segments.read_all(segment.path)]


def test_a_record_comes_back_as_it_went_in(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path)
    log.append(record(), durable=True)
    log.close()
    assert everything(tmp_path) == [record()]


def test_a_durable_record_is_readable_when_append_returns(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path)
    log.append(record(), durable=True)
    (segment,) = segments.listing(tmp_path)
    assert not segment.closed
    assert list(segments.read_all(segment.path)) == [record()]
    log.close()
    assert [found.closed for found in segments.listing(tmp_path)] == [True]


def test_a_best_effort_record_is_there_when_append_returns(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path)
    log.append(record(), durable=False)
    assert everything(tmp_path) == [record()]
    log.close()


def test_what_cannot_be_put_in_bytes_is_not_counted_as_handed_over(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path)
    for one in (record(0), msgspec.structs.replace(record(1), predictions=[object()]), record(2)):
        with suppress(AttributeError):  # whatever Python says of it
            log.append(one, durable=True)
    log.close()
    assert [found.id for found in everything(tmp_path)] == [record(0).id, record(2).id]
    assert log.drain_counts()[2].n_enqueued == 2


def test_the_disk_gets_it_soon_without_anybody_waiting(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path)
    synced = threading.Event()
    log.sync = lambda descriptor: synced.set()
    log.append(record(), durable=True)
    assert synced.wait(60)
    log.close()


def test_a_disk_that_fails_afterwards_takes_nothing_back_that_was_answered(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path)
    tried = threading.Event()

    def broken(descriptor: int) -> None:
        tried.set()
        raise OSError(5, "Input/output error")

    log.sync = broken
    log.append(record(), durable=True)
    assert tried.wait(60)
    log.close()
    assert everything(tmp_path) == [record()]


def test_whatever_a_flush_raises_the_next_one_comes(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path)
    n_tries, synced = 0, threading.Event()

    def odd_at_first(descriptor: int) -> None:
        nonlocal n_tries
        n_tries += 1
        if n_tries == 1:
            raise ValueError("odd")
        synced.set()

    log.sync = odd_at_first
    log.append(record(), durable=True)
    assert synced.wait(60)
    log.close()


def test_a_log_that_was_closed_and_is_used_again_reaches_the_disk(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path)
    log.append(record(0), durable=True)
    log.close()
    synced = threading.Event()
    log.sync = lambda descriptor: synced.set()
    log.append(record(1), durable=True)
    assert synced.wait(60)
    log.close()
    assert everything(tmp_path) == [record(0), record(1)]


def test_a_reader_finds_zeros_behind_what_is_written_and_what_was_put_before_it(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path)
    n_records = 3 * READY_BYTES // len(records.encode(record()))
    for number in range(n_records):
        log.append(record(number), durable=True)
    (segment,) = segments.listing(tmp_path)
    batch = segments.read_batch(segment.path, limit=2 * n_records)
    assert [one.id for one in batch.records] == [record(number).id for number in range(n_records)]
    assert batch.n_torn_bytes == 0
    assert not any(segment.path.read_bytes()[batch.next_offset :])
    log.close()


def test_the_flush_period_is_within_the_promise() -> None:
    from_module = sys.modules[PredictionLog.__module__]
    assert from_module.FLUSH_SECONDS <= 0.1


def test_waiting_requests_share_one_sync(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path, syncs_each=True)
    syncs: list[int] = []

    def slow(descriptor: int) -> None:
        syncs.append(descriptor)
        time.sleep(0.2)

    all_there = threading.Barrier(20)

    def append(number: int) -> None:
        all_there.wait()
        log.append(record(number), durable=True)

    log.sync = slow
    threads = [threading.Thread(target=append, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    assert len(everything(tmp_path)) == 20
    assert len(syncs) < 10


def test_many_threads_lose_and_repeat_nothing(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path, max_bytes=20_000)

    def write(start: int) -> None:
        for number in range(start, start + 200):
            log.append(record(number), durable=number % 10 == 0)

    threads = [threading.Thread(target=write, args=(start * 200,)) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    found = [one.id for one in everything(tmp_path)]
    assert sorted(found) == [f"{number:032x}" for number in range(1600)]
    assert len(segments.listing(tmp_path)) > 5


def test_an_old_segment_is_closed_and_the_next_record_opens_another(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path, max_age_seconds=0.0)
    for number in range(2):
        log.append(record(number), durable=True)
        time.sleep(0.001)
        log.flush()
    assert [segment.closed for segment in segments.listing(tmp_path)] == [True, True]
    assert everything(tmp_path) == [record(0), record(1)]


def test_a_failed_write_is_refused_and_leaves_no_trace(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path, syncs_each=True)
    log.append(record(0), durable=True)

    def broken(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    log.sync = broken
    with pytest.raises(Unavailable):
        log.append(record(1), durable=True)
    log.sync = os.fdatasync
    log.append(record(2), durable=True)
    log.close()
    assert [found.id for found in everything(tmp_path)] == [record(0).id, record(2).id]
    assert log.n_lost == 1


def test_a_full_disk_refuses_durable_records_and_drops_the_others_until_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = PredictionLog(tmp_path)
    log.append(record(0), durable=True)
    large = Record(
        **{**{name: getattr(record(1), name) for name in record().__struct_fields__}, "variant": "v" * 2**21}
    )

    def full(descriptor: int, start: int, n_bytes: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_fallocate", full)
        with pytest.raises(Unavailable):
            log.append(large, durable=True)
        log.append(large, durable=False)
    log.append(large, durable=True)
    log.close()
    assert [found.id for found in everything(tmp_path)] == [record(0).id, large.id]
    tally = log.drain_counts()[2]
    assert (tally.n_enqueued, tally.n_dropped, log.n_lost) == (4, 2, 2)


def test_a_file_system_that_sets_nothing_aside_has_zeros_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(descriptor: int, start: int, n_bytes: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "posix_fallocate", unknown)
    log = PredictionLog(tmp_path)
    log.append(record(), durable=True)
    log.close()
    assert everything(tmp_path) == [record()]


def test_room_that_is_reserved_is_no_torn_record(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path)
    log.append(record(), durable=True)
    (segment,) = segments.listing(tmp_path)
    batch = segments.read_batch(segment.path)
    assert (len(batch.records), batch.n_torn_bytes) == (1, 0)
    log.close()
    (segment,) = segments.listing(tmp_path)
    assert segment.path.stat().st_size == batch.next_offset


def test_a_folder_that_cannot_be_made_fails_durable_records_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    log = PredictionLog(tmp_path / "file" / "log")
    log.append(record(), durable=False)
    with pytest.raises(Unavailable):
        log.append(record(), durable=True)
    log.close()
    assert log.n_lost == 2


def test_a_forked_child_writes_a_segment_of_its_own(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path)
    log.append(record(0), durable=True)
    child = os.fork()
    if child == 0:
        log.append(record(1), durable=True)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    log.append(record(2), durable=True)
    log.close()
    assert sorted(found.id for found in everything(tmp_path)) == [record(i).id for i in range(3)]
    assert len(segments.listing(tmp_path)) == 2


KILLED = """
import sys
from pathlib import Path
from serving.hotpath.log import PredictionLog
from serving.hotpath.records import Record
log = PredictionLog(Path(sys.argv[1]), max_bytes=20_000)
for number in range(10**6):
    log.append(Record(f"{number:032x}", 1.5, 1, 2, "a", 3, "r", None, 1, 0.1, None, [1]), durable=True)
    print(number, flush=True)
"""


def test_nothing_acknowledged_is_lost_by_a_kill(tmp_path: Path) -> None:
    root = Path(segments.__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, cwd=root
    )
    assert process.stdout is not None
    acknowledged = [int(process.stdout.readline()) for _ in range(300)]
    process.send_signal(signal.SIGKILL)
    acknowledged += [int(line) for line in process.stdout.read().split(b"\n")[:-1]]
    process.wait()
    assert all(segment.closed for segment in segments.listing(tmp_path))
    found = [int(one.id, 16) for one in everything(tmp_path)]
    assert found[: len(acknowledged)] == acknowledged
    assert len(found) - len(acknowledged) <= 1


def test_ids_are_unique_and_rise_with_time() -> None:
    ids = [records.new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert all(one[12] == "7" and one[16] in "89ab" and len(one) == 32 for one in ids)
    time.sleep(0.002)
    assert records.new_id()[:12] > ids[0][:12]


def test_names_of_columns_stand_once_in_a_segment_and_come_back_with_every_record(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path)
    sets = [Columns([f"{side} column {place}" for place in range(20)]) for side in ("left", "right")]
    wanted = []
    for number in range(100):
        names = sets[number % 2]
        cells = [tuple(float(number + place) for place in range(20))]
        log.append(in_columns(number, names.shared, cells), durable=True)
        wanted.append(in_columns(number, tuple(names), cells))
    (segment,) = segments.listing(tmp_path)
    assert list(segments.read_all(segment.path)) == [
        msgspec.structs.replace(one, cells=[list(one.cells[0])]) for one in wanted
    ]
    assert list(everything(tmp_path)[-1].given()) == [dict(zip(sets[1], wanted[-1].cells[0], strict=True))]
    assert segment.path.read_bytes().count(b"left column 7") == 1
    log.close()


def in_columns(number: int, columns: Any, cells: Sequence[Sequence[Any]]) -> Record:
    return msgspec.structs.replace(record(number), inputs=None, columns=columns, cells=cells)


def test_each_segment_has_the_names_that_its_records_need(tmp_path: Path) -> None:
    names = Columns(["x" * 400, "y"])
    log = PredictionLog(tmp_path, max_bytes=1100)
    for number in range(20):
        log.append(in_columns(number, names.shared, [(number, None)]), durable=True)
    log.close()
    found = segments.listing(tmp_path)
    assert len(found) > 3
    assert [list(one.given()) for one in everything(tmp_path)] == [
        [{names[0]: number, "y": None}] for number in range(20)
    ]


def test_a_segment_is_large_enough_for_any_one_record_with_its_names(tmp_path: Path) -> None:
    for length in range(0, 300, 7):
        log = PredictionLog(tmp_path, max_bytes=64)
        log.append(in_columns(length, Columns(["x" * length]).shared, [(1,)]), durable=True)
        log.close()
    assert len(everything(tmp_path)) == len(range(0, 300, 7))


def test_names_that_are_too_long_for_the_rest_of_a_segment_end_it(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path, max_bytes=1000)
    log.append(record(0), durable=True)
    log.append(in_columns(1, Columns(["x" * 900]).shared, [(1,)]), durable=True)
    log.append(record(2), durable=True)
    log.close()
    assert [found.id for found in everything(tmp_path)] == [record(number).id for number in range(3)]


def test_reading_from_a_place_behind_the_names_finds_them(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path)
    names = Columns(["a", "b"])
    for number in range(3):
        log.append(in_columns(number, names.shared, [(number, 0)]), durable=True)
    (segment,) = segments.listing(tmp_path)
    first = segments.read_batch(segment.path, limit=1)
    rest = segments.read_batch(segment.path, offset=first.next_offset)
    assert [list(one.given()) for one in rest.records] == [[{"a": number, "b": 0}] for number in (1, 2)]
    log.close()
