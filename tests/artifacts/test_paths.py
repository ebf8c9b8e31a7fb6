"""Artifact paths: one spelling each."""

import pytest

from mlregistry.artifacts.paths import UnsafePath, basename, folder, normalise
from mlregistry.errors import Invalid


@pytest.mark.parametrize("path", ["model.skops", "model/model.joblib", "a b/ü.txt", ".hidden", "100%.png"])
def test_a_plain_relative_path_stays_as_it_is(path: str) -> None:
    assert normalise(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "..",
        "a/../b",
        "a//b",
        "a/",
        "./a",
        "a\\b",
        "C:/x",
        "a\x00b",
        "a\nb",
        "x" * 1001,
        "\ud800",
    ],
)
def test_any_other_path_is_refused_and_names_the_field(path: str) -> None:
    with pytest.raises(Invalid) as caught:
        normalise(path)
    assert caught.value.field == "path"


def test_a_folder_is_a_prefix() -> None:
    assert folder("") == ""
    assert folder("model") == folder("model/") == "model/"


def test_a_filename_keeps_its_last_part_only() -> None:
    assert basename("C:\\Users\\me\\data.csv") == "data.csv"
    assert basename("../../etc/passwd") == "passwd"
    assert basename("a/") == "upload"


@pytest.mark.parametrize(
    "path", ["images/dogs%step%3%timestamp%1795443340785%6c95.png", "100%", "a%2fb", "50%25 off", "step%17%x"]
)
def test_percent_signs_are_part_of_names(path: str) -> None:
    assert normalise(path) == path


@pytest.mark.parametrize(
    "path", ["%2e%2e/a", "a/%252e%252e/b", "..%5ca", "a%5c..%5cb", "%2fetc/passwd", "%5cshare", "a/..%2fb"]
)
def test_no_spelling_hides_a_way_out(path: str) -> None:
    with pytest.raises(UnsafePath):
        normalise(path)
