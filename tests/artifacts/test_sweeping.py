"""The sweep: what is old and unused goes, and it has a schedule."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from mlregistry.artifacts import multipart, sweeping
from mlregistry.jobs.models import Schedule


def test_leftovers_of_uploads_go_after_a_day(settings: Any, tmp_path: Path) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    old, young = multipart.begin("a"), multipart.begin("b")
    (tmp_path / "spool-old").write_bytes(b"x")
    days_ago = time.time() - 3 * 24 * 3600
    for path in (tmp_path / f"parts-{old}", tmp_path / "spool-old"):
        os.utime(path, (days_ago, days_ago))
    assert multipart.sweep() == 2
    assert [path.name for path in tmp_path.iterdir()] == [f"parts-{young}"]


@pytest.mark.django_db
def test_the_schedule_is_kept_once() -> None:
    for _ in range(2):
        sweeping.ensure_schedule()
    assert Schedule.objects.filter(kind=sweeping.KIND).count() == 1
