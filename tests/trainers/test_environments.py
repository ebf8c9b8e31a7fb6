"""Environments of trainers, built from a package index: by its wheels alone, once, and refused with the reason."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlregistry.errors import Invalid
from mlregistry.trainers import environments, requirements

from .index import Index, serving, wheel
from .zipped import zipped

CODE = "GREETING = 'from the index'\n"


@pytest.fixture
def index() -> Iterator[Index]:
    source = zipped({"only_source-1.0/setup.py": "raise SystemExit('this must not run')\n"})
    wheels = dict([wheel("small_tool", "1.2", {"small_tool.py": CODE}), ("only_source-1.0.zip", source)])
    with serving(wheels) as found:
        yield found


def built(root: Path, text: str, index: str, said: list[bytes] | None = None) -> Path:
    hear = ([] if said is None else said).append
    return environments.python_of(root, requirements.parse(text), index=index, hear=hear, tick=lambda: None)


def test_a_wheel_of_the_operator_s_index_is_installed_and_its_environment_kept(
    tmp_path: Path, index: Index
) -> None:
    python = built(tmp_path, "Small.Tool == 1.2", index.url)
    code = "import small_tool, sys; print(small_tool.GREETING, sys.prefix != sys.base_prefix)"
    done = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "from the index True\n"
    missing = subprocess.run([python, "-I", "-c", "import django"], capture_output=True, check=False)
    assert missing.returncode != 0, "the server's own packages are not there"
    asked = list(index.asked)
    assert any(path.endswith("small_tool-1.2-py3-none-any.whl") for path in asked)
    assert built(tmp_path, "small-tool==1.2", index.url) == python
    assert index.asked == asked, "what is built is not asked for again"


@pytest.mark.parametrize("text", ["small-tool==9.9", "unknown-tool==1.0", "only-source==1.0"])
def test_what_the_index_has_no_wheel_of_is_refused_with_pip_s_reason_and_nothing_is_left(
    tmp_path: Path, index: Index, text: str
) -> None:
    said: list[bytes] = []
    with pytest.raises(Invalid, match="could not be built") as caught:
        built(tmp_path, text, index.url, said)
    assert caught.value.field == "requirements"
    assert text.partition("==")[0] in b"".join(said).decode()
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]
