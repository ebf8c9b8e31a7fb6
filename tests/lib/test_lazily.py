"""A module named lazily is imported when something of it is asked for, and not before."""

import copy
import subprocess
import sys

import pytest

from mlregistry.lib.lazily import lazily

HEAVY = ("numpy", "pandas", "scipy", "sklearn", "duckdb", "joblib", "skops", "rq", "redis", "celery")
WEB = """
import sys
import mlregistry.wsgi
from django.urls import get_resolver
get_resolver().url_patterns
print(*[name for name in sys.argv[1:] if name in sys.modules])
"""


def test_nothing_is_imported_before_it_is_used() -> None:
    module = lazily("colorsys")
    sys.modules.pop("colorsys", None)
    assert "colorsys" not in sys.modules
    assert module.rgb_to_hsv(1.0, 0.0, 0.0) == (0.0, 1.0, 1.0)
    assert "colorsys" in sys.modules


def test_a_submodule_is_named_in_full() -> None:
    assert lazily("xml.dom.minidom").Document is not None


def test_looking_at_it_imports_nothing() -> None:
    module = lazily("no_such_module_at_all")
    assert "no_such_module_at_all" in repr(module)
    assert copy.copy(module) is not module
    assert not hasattr(module, "__file__")


def test_a_missing_module_is_told_at_its_first_use() -> None:
    module = lazily("no_such_module_at_all")
    with pytest.raises(ModuleNotFoundError, match="no_such_module_at_all"):
        module.anything  # noqa: B018  # to ask is what is tested


def test_a_missing_name_is_told_as_of_a_module() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        lazily("json").no_such_name  # noqa: B018  # to ask is what is tested


def test_a_web_process_starts_without_the_heavy_packages(server_environment: dict[str, str]) -> None:
    command = [sys.executable, "-W", "ignore", "-c", WEB, *HEAVY]
    done = subprocess.run(command, env=server_environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
