"""A process keeps to one processor, and lets go of it for a while."""

import os
import subprocess
import sys
import threading

import pytest

from mlregistry.lib import processors

ASK = """
import os
from mlregistry.lib import processors
everything = sorted(os.sched_getaffinity(0))
processors.keep_to_one({place})
own = sorted(os.sched_getaffinity(0))
with processors.any_of_them():
    meanwhile = sorted(os.sched_getaffinity(0))
print(own == [everything[{place} % len(everything)]], meanwhile == everything, sorted(os.sched_getaffinity(0)) == own)
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system has no such call")
@pytest.mark.parametrize("place", [0, 1, 7])
def test_each_place_has_its_processor_and_returns_to_it(place: int) -> None:
    asked = subprocess.run([sys.executable, "-c", ASK.format(place=place)], capture_output=True, text=True)
    assert asked.stdout.split() == ["True", "True", "True"], asked.stderr


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system has no such call")
def test_a_process_that_is_free_stays_free() -> None:
    before = os.sched_getaffinity(0)
    with processors.any_of_them():
        assert os.sched_getaffinity(0) == before
    assert os.sched_getaffinity(0) == before


def test_no_more_work_at_once_than_there_are_processors() -> None:
    most = os.cpu_count() or 1
    inside, seen = [], []
    lock = threading.Lock()
    full = threading.Event()

    def work() -> None:
        with processors.at_work():
            with lock:
                inside.append(1)
                seen.append(len(inside))
                if len(inside) == most:
                    full.set()
            full.wait(60)
            with lock:
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(most + 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (len(seen), max(seen)) == (most + 3, most)
