"""What the web process loads before it answers is all that measuring for a page needs."""

import subprocess
import sys

import pytest

from mlregistry.supervisor.web import LIBRARIES

MEASURED = """
import sys
from importlib import import_module
for name in (*sys.argv[2:], "mlregistry.ml.metrics", "mlregistry.ml.comparing.paired"):
    import_module(name)
loaded = set(sys.modules)
import numpy as np
from mlregistry.ml.comparing import paired
from mlregistry.ml.metrics import Outcome, measure
numbers = np.array([0, 1, 0, 1])
shares = np.array([[0.8, 0.2], [0.3, 0.7], [0.6, 0.4], [0.1, 0.9]])
outcome = Outcome(numbers, numbers, shares, 2) if sys.argv[1] == "classification" else Outcome(numbers + 0.5, numbers)
assert len(measure(sys.argv[1], outcome)) > 4
assert paired.p_value(paired.estimate([0.1, 0.2, 0.4], 0.25), 3) < 1
print(*sorted(set(sys.modules) - loaded))
"""


@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_measuring_imports_no_library_anew(kind: str) -> None:
    command = [sys.executable, "-c", MEASURED, kind, *LIBRARIES]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    anew = [name for name in done.stdout.split() if not name.startswith("mlregistry.")]
    assert anew == []
