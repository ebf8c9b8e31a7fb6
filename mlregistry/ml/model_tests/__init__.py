"""What a model version must stand before an alias can move to it: a table of checks, one plain function each.

The job of the registry runs them; files of the operator's plugin folder add some of their own.
"""

from mlregistry.ml.model_tests.check import BLOCKS, WARNS, Check
from mlregistry.ml.model_tests.result import Result, failed, passed, skipped

__all__ = ["BLOCKS", "WARNS", "Check", "Result", "failed", "passed", "skipped"]
