"""A file of 200 MB goes up and comes down with the same checksum, whole and in part."""

import hashlib
import random
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from tests.mlflow_client.scenarios.ground import a_run, proxied, raw

client = MlflowClient()
MEGABYTE = 1024 * 1024
SIZE = 200 * MEGABYTE


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@pytest.fixture
def large_file(tmp_path: Path) -> Path:
    """Not compressible, and no two megabytes are alike."""
    source = random.Random(7)
    block = bytearray(source.randbytes(MEGABYTE))
    with (tmp_path / "large.bin").open("wb") as file:
        for number in range(SIZE // MEGABYTE):
            block[:8] = number.to_bytes(8, "big")
            file.write(block)
    return tmp_path / "large.bin"


def test_two_hundred_megabytes_keep_their_checksum(large_file: Path, tmp_path: Path) -> None:
    run = a_run()
    client.log_artifact(run.info.run_id, str(large_file), "weights")
    (listed,) = client.list_artifacts(run.info.run_id, "weights")
    assert (listed.path, listed.file_size) == ("weights/large.bin", SIZE)
    (tmp_path / "down").mkdir()
    down = Path(client.download_artifacts(run.info.run_id, "weights/large.bin", str(tmp_path / "down")))
    assert _checksum(down) == _checksum(large_file)
    ending = raw(
        "GET", proxied(run.info.artifact_uri, "weights/large.bin"), headers={"Range": f"bytes={SIZE - 1000}-"}
    )
    assert (ending.status, len(ending.body)) == (206, 1000)
    with large_file.open("rb") as file:
        file.seek(SIZE - 1000)
        assert ending.body == file.read()
