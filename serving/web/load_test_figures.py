"""What the page of a load test shows: rows of figures and three charts."""

from typing import Any

from mlregistry.loadtests.histogram import Histogram
from mlregistry.loadtests.plans import QUANTILES
from serving.actions.load_test_declarations import Declaration
from serving.models import LoadTest, Verdict

TONES = {Verdict.PASSED.value: "good", Verdict.FAILED.value: "bad"}
SHAPES = {"constant": "constant rate", "closed": "closed loop", "search": "search for the highest rate"}
BAR_RATIO = 1.25  # of the histogram's bars, which are coarser than its buckets


def shown(test: LoadTest) -> dict[str, Any]:
    overall = test.figures.get("overall")
    steps = sorted(test.figures.get("steps") or [], key=lambda step: step["rate"])
    return {
        "test": test,
        "declared": vars(Declaration()) | test.declared,  # rows of before a field was there
        "tone": TONES.get(test.verdict, ""),
        "shape": SHAPES[test.declared["shape"]],
        "overall": overall,
        "quantiles": [(name, overall[name]) for name in QUANTILES] if overall else [],
        "statuses": sorted((overall or {}).get("statuses", {}).items()),
        "steps": steps,
        "charts": _charts(test, steps),
    }


def _charts(test: LoadTest, steps: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    over_time = test.figures.get("over_time") or []
    found = {}
    if len(steps) > 1:
        found["rates"] = _lines("Latency by rate", "requests a second", [
            (name, [(step["rate"], step[name]) for step in steps if step[name] is not None])
            for name in QUANTILES
        ], markers=True)  # fmt: skip
    if over_time:
        found["over_time"] = _lines("Latency over time", "second", [
            (name, [(part["second"], part[name]) for part in over_time]) for name in ("p50", "p99")
        ])  # fmt: skip
    if test.histogram is not None and test.histogram["n"]:
        found["latencies"] = _bars(Histogram.from_json(test.histogram))
    return found


def _lines(
    title: str, x_title: str, series: list[tuple[str, list[tuple[float, float]]]], *, markers: bool = False
) -> dict[str, Any]:
    return {
        "type": "lines", "title": title, "x_title": x_title, "y_title": "milliseconds", "from_zero": True,
        "markers": markers,
        "series": [
            {"name": name, "x": [x for x, _ in points], "y": [1000 * y for _, y in points]}
            for name, points in series
        ],
    }  # fmt: skip


def _bars(histogram: Histogram) -> dict[str, Any]:
    """Latencies in bars of equal ratio, named by their upper bound."""
    bars: list[tuple[float, int]] = []
    for bound, n in histogram.bars():
        if not bars or bound > bars[-1][0]:
            bars.append((bound * BAR_RATIO, 0))
        bars[-1] = (bars[-1][0], bars[-1][1] + n)
    return {
        "type": "stacks", "title": "How many answers took how long", "y_title": "requests",
        "labels": [f"{1000 * bound:.3g} ms" for bound, _ in bars],
        "series": [{"name": "requests", "values": [n for _, n in bars]}],
    }  # fmt: skip
