"""Archives that the tests of trainers share."""

import io
import zipfile


def zipped(files: dict[str, str | bytes]) -> bytes:
    """A zip archive of these files; the same bytes at any time."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def with_mode(name: str, mode: int, content: str) -> bytes:
    """An archive with main.py and an entry of this file mode, such as a link."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("main.py", "")
        entry = zipfile.ZipInfo(name)
        entry.external_attr = mode << 16
        archive.writestr(entry, content)
    return target.getvalue()
