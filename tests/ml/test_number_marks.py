"""Codes that a lenient reader takes for numbers are seen in the bytes, wherever these are cut."""

from pathlib import Path

import pytest

from mlregistry.ml import number_marks


@pytest.mark.parametrize(
    ("text", "delimiter", "misleads"),
    [
        ("1,2.5,x\n", ",", False),
        ("1,0.5,2024-01-05 00:10:00\n", ",", False),
        ("1,-0.5,a_b,item_1\n", ",", False),
        ("1,1_000\n", ",", True),
        ("1,007\n", ",", True),
        ("007,1\n", ",", True),
        ("1,-007\n", ",", True),
        ('1,"+007"\n', ",", True),
        ("1; 5\n", ";", True),
        ("1\t 5\n", "\t", True),
        ("1\t\t5\n", "\t", False),
        ("1,\t5\n", ",", True),
        ("1|00\n", "|", True),
    ],
)
@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 256 * 1024])
def test_what_could_be_a_code_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, delimiter: str, misleads: bool, chunk: int
) -> None:
    monkeypatch.setattr(number_marks, "CHUNK_BYTES", chunk)
    (tmp_path / "t.csv").write_text("a\n1,2\n" + text, newline="")
    found = number_marks.look(tmp_path / "t.csv", delimiter)
    assert bool(found) == misleads
    assert (number_marks.JOINTS in found) == ("1_0" in text)


def test_the_header_may_hold_anything(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("col_1_2,007\n1,2\n")
    assert not number_marks.look(tmp_path / "t.csv", ",")
