"""Where a Dask cluster is. Made from the environment by jobs.dask_cluster, used by farm; imports nothing heavy."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """The scheduler's address, and the files of its TLS where it speaks that."""

    scheduler: str
    authority: str = ""
    certificate: str = ""
    key: str = ""
