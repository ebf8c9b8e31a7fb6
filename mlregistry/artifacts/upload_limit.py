"""Multipart uploads: streamed to FILE_UPLOAD_TEMP_DIR, refused with 413 over UPLOAD_LIMIT_BYTES.

Named in settings.FILE_UPLOAD_HANDLERS, so it guards every form and every API door at once.
"""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import TemporaryFileUploadHandler

from mlregistry.errors import TooLarge

FORM_OVERHEAD_BYTES = 1024 * 1024


class UploadTooLarge(TooLarge, RequestDataTooBig):
    """413 for our doors; also Django's own kind, so that middleware reading the form first answers too."""


class LimitedUpload(TemporaryFileUploadHandler):
    """Writes each file to disk as it arrives and stops at the limit, whatever Content-Length said."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.received = 0

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        if content_length > settings.UPLOAD_LIMIT_BYTES + FORM_OVERHEAD_BYTES:
            raise too_large()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self.received += len(raw_data)
        if self.received > settings.UPLOAD_LIMIT_BYTES:
            self.file.close()
            raise too_large()
        super().receive_data_chunk(raw_data, start)
        return None


def too_large(limit: int | None = None) -> UploadTooLarge:
    """The error for an upload over `limit` bytes (the server's limit by default)."""
    megabytes = (limit or settings.UPLOAD_LIMIT_BYTES) / 1024 / 1024
    return UploadTooLarge(f"The upload is over the limit of {megabytes:,.0f} MB.", field="file")
