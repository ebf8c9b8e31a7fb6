"""Rules of the house that no linter sees: sizes, doors, migrations, a README that tells no lies."""

import re
import subprocess
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("mlregistry", "experiments", "models_app", "serving")
LONGEST_FILE = 400
ALLOWED_LONGER: dict[str, str] = {}  # path → reason
DOORS = ("api", "web")


def _python_files(*more: str) -> list[Path]:
    return [
        path
        for folder in (*SOURCES, *more)
        for path in (ROOT / folder).rglob("*.py")
        if "migrations" not in path.parts
    ]


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    too_long = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for path in _python_files()
        if len(path.read_text().splitlines()) > LONGEST_FILE
    }
    assert set(too_long) <= set(ALLOWED_LONGER), too_long


def test_doors_never_query_by_themselves() -> None:
    offenders = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in _python_files()
        if path.parent.name in DOORS
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if ".objects." in line
    ]
    assert offenders == []


def test_every_module_says_what_lives_in_it() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in _python_files()
        if path.read_text().strip() and not path.read_text().lstrip().startswith('"""')
    ]
    assert silent == []


def test_whatever_a_checker_is_told_to_let_through_has_a_reason() -> None:
    bare = re.compile(r"# (type: ignore(\[[a-z, -]+\])?|noqa(: [A-Z0-9, ]+)?)\s*$")
    silent = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in _python_files("tests", "benchmarks")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if bare.search(line)
    ]
    assert silent == []


@pytest.mark.django_db
def test_migrations_cover_the_models() -> None:
    call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())


def test_every_path_named_in_the_readme_and_docs_exists() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    missing = [
        f"{page.name}: {name}"
        for page in pages
        for name in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text())
        if not (page.parent / name).exists()
    ]
    assert missing == []


def test_nothing_private_is_committed() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert not [
        name for name in listed if name.endswith((".parquet", ".sqlite3", ".env")) or ".mlregistry/" in name
    ]


def test_no_file_holds_the_marks_of_a_merge_that_was_not_finished() -> None:
    marks = r"^(<{7}|>{7}) "
    found = subprocess.run(
        ["git", "grep", "-lIE", marks], cwd=ROOT, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert found.stdout.split() == []
    assert found.returncode == 1, found.stderr  # none found; anything above says that git could not look


def test_every_requirement_says_what_it_is_for() -> None:
    lines = [
        line
        for name in ("requirements.txt", "requirements-dev.txt")
        for line in (ROOT / name).read_text().splitlines()
        if line and not line.startswith(("#", "-r"))
    ]
    assert [line for line in lines if "#" not in line] == []
    assert [line for line in lines if "==" not in line] == []
