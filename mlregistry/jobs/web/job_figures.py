"""Draws the samples of a job as small charts: shapes for SVG paths, figures beside them. No HTML, no queries."""

from dataclasses import dataclass

from mlregistry.jobs.models import Job, JobSamples

WIDTH, HEIGHT = 600.0, 90.0


@dataclass(frozen=True)
class Figure:
    """One quantity over time; `limit` is the height of a line that it may not cross."""

    title: str
    unit: str
    line: str
    area: str
    now: float
    most: float
    top: float
    limit: float | None = None


@dataclass(frozen=True)
class Figures:
    """All of a job, over so many seconds."""

    figures: list[Figure]
    seconds: float


def draw(job: Job, samples: JobSamples | None) -> Figures | None:
    """None as long as there are no two moments to draw between."""
    if samples is None or len(samples.seconds) < 2:
        return None
    moved = [read + written for read, written in zip(samples.read_mb, samples.written_mb, strict=True)]
    return Figures(
        [
            _figure("Processors", "", samples.seconds, samples.processors),
            _figure("Memory", "MB", samples.seconds, samples.memory_mb, limit=float(job.memory_mb)),
            _figure("Read and written", "MB/s", samples.seconds, moved),
        ],
        samples.seconds[-1],
    )


def _figure(
    title: str, unit: str, at: list[float], values: list[float], *, limit: float | None = None
) -> Figure:
    most = max(values)
    near = limit if limit is not None and most > limit / 3 else None
    top = max(most * 1.15, near or 0.0, 1e-9)
    span = (at[-1] - at[0]) or 1.0
    points = [
        f"{WIDTH * (second - at[0]) / span:.1f} {HEIGHT * (1 - value / top):.1f}"
        for second, value in zip(at, values, strict=True)
    ]
    line = "M" + " L".join(points)
    area = f"{line} L{WIDTH:.0f} {HEIGHT:.0f} L0 {HEIGHT:.0f} Z"
    shown = None if near is None else round(HEIGHT * (1 - near / top), 1)
    return Figure(title, unit, line, area, values[-1], most, top, shown)
