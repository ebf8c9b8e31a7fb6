"""`python -m benchmarks.serving_faults.registering FOLDER [--native]`, with the server's environment.

Registers `<model>-<number>` in order, each the next version of its model. What has no training rows is not compiled: the
slow model never, the others not with `--native`.
"""

import sys
from pathlib import Path

from benchmarks.serving_faults.models import SLOW

# Importing it sets Django up.
from benchmarks.serving_peers.registering import await_compilation, owner, registered


def main() -> None:
    by, compiled = owner(), []
    for folder in sorted(Path(sys.argv[1]).iterdir()):
        model = folder.name.rpartition("-")[0]
        with_data = model != SLOW and "--native" not in sys.argv
        version = registered(folder, by, model=model, with_data=with_data)
        compiled += [version] if with_data else []
    for version in compiled:
        await_compilation(version)


if __name__ == "__main__":
    main()
