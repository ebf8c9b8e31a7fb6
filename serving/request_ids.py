"""One form for request ids, as a client may send any text. The shipper and feedback call these."""

import uuid

NAMESPACE = uuid.UUID("5bd0a3a6-5f4c-4d3c-9e07-0f0f6c1f7a51")


def as_uuid(text: str, *, endpoint_id: int) -> uuid.UUID:
    """A UUID as it is; any other text as the UUID that stands for it at this endpoint."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.uuid5(NAMESPACE, f"{endpoint_id}:{text}")


def parse_prediction_id(text: str) -> tuple[str, int]:
    """The request and the row of `<request>-<row>`; ValueError when it is none."""
    request, dash, row = text.rpartition("-")
    if not dash or not row.isascii() or not row.isdigit() or len(row) > 9:
        raise ValueError(text)
    return uuid.UUID(request).hex, int(row)
