"""`python -m benchmarks.serving_faults.registering FOLDER [--native]`, with the server's environment.

Registers `<model>-<number>` in order, each the next version of its model, and waits until nothing works on them any
more. What has no training rows is not compiled: the slow model never, the others not with `--native`.
"""

import sys
import time
from pathlib import Path

from benchmarks.serving_faults.models import SLOW

# Importing it sets Django up.
from benchmarks.serving_peers.registering import await_compilation, owner, registered  # isort: skip

from mlregistry.jobs.models import LIVE, Job

LONGEST_SECONDS = 300.0


def main() -> None:
    by, native = owner(), "--native" in sys.argv
    compiled = []
    for folder in sorted(Path(sys.argv[1]).iterdir()):
        model = folder.name.rpartition("-")[0]
        with_data = model != SLOW and not native
        version = registered(folder, by, model=model, with_data=with_data)
        compiled += [version] if with_data else []
    for version in compiled:
        await_compilation(version)
    if not native:
        _await_tests()


def _await_tests() -> None:
    """They would take the processors from what is measured."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while Job.objects.filter(kind__startswith="models_app.", state__in=LIVE).exists():
        if time.monotonic() > deadline:
            raise SystemExit("The jobs of the new versions do not end.")
        time.sleep(0.5)


if __name__ == "__main__":
    main()
