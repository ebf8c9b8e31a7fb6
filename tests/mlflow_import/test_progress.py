"""What the operator sees while an import runs."""

import io

from mlregistry.mlflow_import.progress import Progress


def test_a_bar_tells_share_rate_and_time_left() -> None:
    progress = Progress(io.StringIO())
    progress.expect(200)
    for _ in range(100):
        progress.add(50)
    text = progress.text(5.0)
    assert text == (
        "[##############--------------]  50% 100 of 200 runs, 20.0 runs/s, 5,000 points, 0:05 left"
    )


def test_without_a_total_only_the_rate_is_told() -> None:
    progress = Progress(io.StringIO())
    progress.expect(None)
    progress.add(7)
    assert progress.text(1.0) == "1 runs, 1.0 runs/s, 7 points"


def test_beside_a_terminal_lines_come_seldom() -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    progress.add(1)
    assert stream.getvalue() == ""
    progress.close()
    assert stream.getvalue().endswith("points\n")
