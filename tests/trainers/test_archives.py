"""Zipped scripts: what is taken, and every archive that is not."""

import stat
import zipfile
from pathlib import Path

import pytest

from mlregistry.errors import Invalid, TooLarge
from mlregistry.trainers import archives

from .zipped import with_mode, zipped

MAIN: dict[str, str | bytes] = {"main.py": "print(1)\n"}


def stored(folder: Path, content: bytes) -> Path:
    path = folder / "archive.zip"
    path.write_bytes(content)
    return path


def test_an_archive_is_counted_and_unpacked(tmp_path: Path) -> None:
    files = {**MAIN, "requirements.txt": "numpy==2.0\n", "lab/net.py": "x = 1\n"}
    path = stored(tmp_path, zipped(files))
    found = archives.check(path)
    assert (found.n_files, found.requirements) == (3, "numpy==2.0\n")
    archives.unpack(path, tmp_path / "out")
    assert (tmp_path / "out" / "lab" / "net.py").read_text() == "x = 1\n"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"no zip at all", "no zip archive"),
        pytest.param(zipped(MAIN)[:-30], "no zip archive", id="cut off"),
        (zipped({"other.py": ""}), "no main.py"),
        (zipped({**MAIN, "/etc/passwd": "x"}), "no path below"),
        (zipped({**MAIN, "../out.py": "x"}), "no path below"),
        (zipped({**MAIN, "a/../../out.py": "x"}), "no path below"),
        (zipped({**MAIN, "a\\b.py": "x"}), "no path below"),
        (zipped({**MAIN, "C:/x.py": "x"}), "no path below"),
        (zipped({**MAIN, "a\nb.py": "x"}), "no path below"),
        (zipped({**MAIN, "a/" * 11 + "b.py": "x"}), "longer or deeper"),
        (with_mode("link", stat.S_IFLNK | 0o777, "/etc/passwd"), "link or a device"),
        (with_mode("pipe", stat.S_IFIFO | 0o666, ""), "link or a device"),
        (zipped({**MAIN, "requirements.txt": b"\xff\xfe\x00"}), "no UTF-8"),
    ],
)
def test_archives_that_lead_elsewhere_or_are_damaged_are_refused(
    tmp_path: Path, content: bytes, told: str
) -> None:
    with pytest.raises(Invalid, match=told):
        archives.check(stored(tmp_path, content))


def test_too_many_files_and_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = {**MAIN, **{f"f{number}": "" for number in range(1000)}}
    with pytest.raises(TooLarge, match="1,000 files"):
        archives.check(stored(tmp_path, zipped(many)))
    bomb = zipped({**MAIN, "zeros": bytes(101 * 2**20)})
    assert len(bomb) < 2**20
    with pytest.raises(TooLarge, match="Unpacked"):
        archives.check(stored(tmp_path, bomb))
    with pytest.raises(TooLarge, match="Unpacked"):
        archives.unpack(stored(tmp_path, bomb), tmp_path / "out")
    monkeypatch.setattr(archives, "MOST_PACKED", 100)
    with pytest.raises(TooLarge, match="larger than"):
        archives.check(stored(tmp_path, zipped(many)))


def test_a_name_that_comes_twice_and_a_password_are_refused(tmp_path: Path) -> None:
    path = stored(tmp_path, zipped(MAIN))
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("main.py", "print(2)\n")
    with pytest.raises(Invalid, match="twice"):
        archives.check(path)
    content = bytearray(zipped(MAIN))
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(Invalid, match="encrypted"):
        archives.check(stored(tmp_path, bytes(content)))
