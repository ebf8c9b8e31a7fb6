"""What docs/model_tests.md says is so: its tables are the code's, its expectations and its plugin can be used.

`WRITE_DOCS=1 make test ARGS=tests/test_model_tests_doc.py` writes the tables anew.
"""

import json
import os
import re
from pathlib import Path

from mlregistry.ml.model_tests import expectations, plugins, running, telling
from tests.ml.model_tests.subjects import NUMBERS, subject, trained

PAGE = Path(__file__).resolve().parent.parent / "docs" / "model_tests.md"
TABLES = {"checks": telling.checks, "limits": telling.limits}


def _block(kind: str) -> str:
    found = re.search(rf"^```{kind}\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def _with_tables(text: str) -> str:
    for name, make in TABLES.items():
        pattern = rf"<!-- {name} -->\n(.*?\n)?<!-- end -->"
        text = re.sub(pattern, f"<!-- {name} -->\n{make()}\n<!-- end -->", text, flags=re.DOTALL)
    return text


def test_the_tables_on_the_page_are_those_of_the_code() -> None:
    if os.environ.get("WRITE_DOCS"):
        PAGE.write_text(_with_tables(PAGE.read_text()))
    assert PAGE.read_text() == _with_tables(PAGE.read_text())
    assert "`row_against_batch`" in PAGE.read_text()


def test_the_expectations_on_the_page_are_valid() -> None:
    found = expectations.parse(json.loads(_block("expectations")))
    assert [one.expected for one in found] == ["down", "same", "up"]


def test_the_plugin_on_the_page_runs(tmp_path: Path) -> None:
    (tmp_path / "prices.py").write_text(_block("python"))
    (check,) = plugins.checks(str(tmp_path))
    assert running.carried(check, subject(trained(NUMBERS))).outcome in ("passed", "failed")
    assert running.carried(check, subject()).outcome == "skipped"
