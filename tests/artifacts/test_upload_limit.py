"""The upload handler: streams to disk, stops at the limit."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.test import RequestFactory
from pytest_django.fixtures import Settings as SettingsWrapper

from mlregistry.artifacts.upload_limit import FORM_OVERHEAD_BYTES, UploadTooLarge


def test_a_small_file_lands_in_a_temporary_file(rf: RequestFactory, settings: SettingsWrapper) -> None:
    request = rf.post("/", {"file": SimpleUploadedFile("a.csv", b"a,b\n1,2\n")})
    file = request.FILES["file"]
    assert isinstance(file, TemporaryUploadedFile)
    assert str(file.temporary_file_path()).startswith(str(settings.FILE_UPLOAD_TEMP_DIR))
    assert file.read() == b"a,b\n1,2\n"


def test_a_file_over_the_limit_is_a_413(rf: RequestFactory, settings: SettingsWrapper) -> None:
    settings.UPLOAD_LIMIT_BYTES = 10
    with pytest.raises(UploadTooLarge) as caught:
        rf.post("/", {"file": SimpleUploadedFile("a.csv", b"x" * 11)}).FILES  # noqa: B018  # to ask is what is tested
    assert (caught.value.status, caught.value.field) == (413, "file")


def test_a_declared_length_over_the_limit_is_refused_unread(
    rf: RequestFactory, settings: SettingsWrapper
) -> None:
    settings.UPLOAD_LIMIT_BYTES = 10
    request = rf.post("/", {"file": SimpleUploadedFile("a.csv", b"x")})
    request.META["CONTENT_LENGTH"] = str(11 + FORM_OVERHEAD_BYTES)
    with pytest.raises(UploadTooLarge):
        request.FILES  # noqa: B018  # to ask is what is tested
