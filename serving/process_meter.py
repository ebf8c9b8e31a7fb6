"""What this process takes of processor and memory. `serving.live_routing` asks it and tells `actions.process_loads`."""

import time

import psutil

from serving.actions.process_loads import Taken


class ProcessMeter:
    """Of the process that makes it; children are measured by themselves."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._at, self._cpu = time.monotonic(), self._cpu_now()

    def since_last(self) -> Taken:
        """Since it was made, or asked before."""
        at, cpu = time.monotonic(), self._cpu_now()
        taken = Taken(at - self._at, cpu - self._cpu, int(self._process.memory_info().rss))
        self._at, self._cpu = at, cpu
        return taken

    def _cpu_now(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)
