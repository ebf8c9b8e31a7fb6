"""Requirements of trainers: pinned names, and every line that pip would follow elsewhere."""

import pytest

from mlregistry.errors import Invalid
from mlregistry.trainers import requirements


def test_lines_are_brought_into_one_form_and_order() -> None:
    text = (
        "# what it needs\nPandas == 3.1.1\nmlflow_skinny==3.17.2  # the client\n\nuvicorn[Standard, x]==1.0\n"
    )
    found = requirements.parse(text)
    assert found == ["mlflow-skinny==3.17.2", "pandas==3.1.1", "uvicorn[Standard,x]==1.0"]
    assert requirements.digest(found) == requirements.digest(requirements.parse("\n".join(found)))
    assert requirements.parse("") == []


@pytest.mark.parametrize(
    "line",
    [
        "numpy",
        "numpy>=2",
        "numpy==2.*",
        "numpy===2",
        "--index-url https://evil.example/simple",
        "-e .",
        "-r other.txt",
        "git+https://evil.example/x.git",
        "x @ https://evil.example/x.whl",
        "./x.whl",
        "https://evil.example/x.whl",
        "numpy==2.0 --hash=sha256:00",
        "numpy==2.0; python_version>'3'",
        "numpy==$(touch x)",
        "numpy==2.0\x00",
    ],
)
def test_what_is_not_one_exact_version_is_refused(line: str) -> None:
    with pytest.raises(Invalid, match="Line 2"):
        requirements.parse(f"pandas==3.1.1\n{line}\n")


def test_a_name_twice_and_too_many_are_refused() -> None:
    with pytest.raises(Invalid, match="again"):
        requirements.parse("a-b==1\nA_B==2")
    with pytest.raises(Invalid, match="At most"):
        requirements.parse("\n".join(f"p{number}==1" for number in range(101)))
