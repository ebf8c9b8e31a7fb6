"""REST: curves of metrics of many runs, for charts, and what is new of a run while it trains."""

import math
import uuid
from collections.abc import Sequence
from typing import Any

import msgspec
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from experiments import access
from experiments.actions import curve_rollups
from experiments.actions.settling import settle_runs
from experiments.queries import live_runs, metric_curves
from experiments.queries.metric_curves import Wanted
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid, NotFound
from mlregistry.lib.names import clean_key
from mlregistry.rest import TeamView

from .parsing import needed

LARGEST = 2**63 - 1


class SeriesOut(serializers.Serializer[Any]):
    """One metric of one run; the three lists are of equal length, null stands for NaN and infinities."""

    run = serializers.CharField(help_text="32 hexadecimal digits")
    key = serializers.CharField()
    n_points = serializers.IntegerField(help_text="how many points it stands for")
    whole = serializers.BooleanField(help_text="no point was left out")
    reset = serializers.BooleanField(
        help_text="too much is new since then: ask for this curve without `since`"
    )
    steps = serializers.ListField(child=serializers.IntegerField())
    times = serializers.ListField(child=serializers.IntegerField(), help_text="milliseconds since 1970")
    values = serializers.ListField(child=serializers.FloatField(allow_null=True))


class MarkOut(serializers.Serializer[Any]):
    changes = serializers.IntegerField(help_text="send it back as `since`")
    status = serializers.CharField()


class CurvesOut(serializers.Serializer[Any]):
    runs = serializers.DictField(child=MarkOut())
    series = SeriesOut(many=True)


KEYS = OpenApiParameter("key", OpenApiTypes.STR, many=True, required=True, description="1 to 50 metrics")
WINDOW = [
    OpenApiParameter("points", OpenApiTypes.INT, description="of each curve at most, 30 to 10,000; 900"),
    OpenApiParameter("axis", OpenApiTypes.STR, enum=["step", "time"], description="what low and high are of"),
    OpenApiParameter("scale", OpenApiTypes.STR, enum=["linear", "log"], description="how points are spread"),
    OpenApiParameter("low", OpenApiTypes.NUMBER), OpenApiParameter("high", OpenApiTypes.NUMBER),
]  # fmt: skip


class MetricCurves(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(
        parameters=[
            OpenApiParameter("run", OpenApiTypes.STR, many=True, required=True, description="1 to 200 runs"),
            KEYS,
            *WINDOW,
            OpenApiParameter(
                "since", OpenApiTypes.INT, many=True, description="`changes` of each run, in order"
            ),
        ],
        responses=CurvesOut,
    )
    def get(self, request: Request) -> HttpResponse:
        """Curves in few points with every extreme; a window along an axis is answered in finer points."""
        run_ids = runs_of(request.query_params.getlist("run"))
        if access.runs(self.actor).filter(pk__in=run_ids).count() != len(run_ids):
            raise NotFound(f"Not all of these runs are in {self.actor.team.name}.", field="run")
        wanted = _wanted(request, run_ids)
        keys = keys_of(request)
        metric_curves.check(run_ids, keys, wanted)
        curve_rollups.ready([run_id for run_id in run_ids if run_id not in wanted.since], keys)
        return json_answer(metric_curves.curves(run_ids, keys, wanted))


class ProgressOut(serializers.Serializer[Any]):
    state = serializers.CharField()
    progress = serializers.FloatField(help_text="0 to 1")
    message = serializers.CharField()
    eta_seconds = serializers.FloatField(allow_null=True)


class LiveMetricOut(serializers.Serializer[Any]):
    value = serializers.FloatField(allow_null=True)
    step = serializers.IntegerField()
    minimum = serializers.FloatField(allow_null=True)
    maximum = serializers.FloatField(allow_null=True)


class LogLineOut(serializers.Serializer[Any]):
    sequence = serializers.IntegerField()
    text = serializers.CharField()


class LiveOut(serializers.Serializer[Any]):
    status = serializers.CharField()
    is_live = serializers.BooleanField(help_text="false: it has ended, nothing more will come")
    changes = serializers.IntegerField(help_text="send it back as `since`")
    job = ProgressOut(allow_null=True)
    metrics = serializers.DictField(child=LiveMetricOut(), help_text="empty if nothing was logged since")
    lines = LogLineOut(many=True, help_text="the job's log after `log_after`")
    series = SeriesOut(many=True)


class LiveRun(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "since", OpenApiTypes.INT, description="`changes` of the last answer; 0 at first"
            ),
            OpenApiParameter(
                "log_after", OpenApiTypes.INT, description="sequence of the last line; −1 at first"
            ),
            OpenApiParameter(
                "key", OpenApiTypes.STR, many=True, description="metrics whose new points to send"
            ),
        ],
        responses=LiveOut,
    )
    def get(self, request: Request, run_id: uuid.UUID) -> HttpResponse:
        """What is new of a run since the last time; to be asked again once a second while `is_live`."""
        settle_runs(self.actor.team)
        run = access.run(self.actor, run_id)
        since = max(0, needed(request, "since", 0))
        after = max(-1, min(needed(request, "log_after", live_runs.NO_LOG), 2**31 - 1))
        keys = keys_of(request)[: metric_curves.MOST_KEYS]
        return json_answer(live_runs.news(run, since=since, keys=keys, log_after=after))


class RunNewsOut(serializers.Serializer[Any]):
    status = serializers.CharField()
    is_live = serializers.BooleanField(help_text="false: it has ended, nothing more will come")
    changes = serializers.IntegerField(help_text="send it back as `since`")
    metrics = serializers.DictField(child=LiveMetricOut(), help_text="empty if nothing was logged since")


class LiveRunsOut(serializers.Serializer[Any]):
    runs = serializers.DictField(child=RunNewsOut())
    series = SeriesOut(many=True)


class LiveRuns(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(
        parameters=[
            OpenApiParameter("run", OpenApiTypes.STR, many=True, required=True, description="1 to 200 runs"),
            OpenApiParameter(
                "since",
                OpenApiTypes.INT,
                many=True,
                description="`changes` of each run, in order; 0 at first",
            ),
            OpenApiParameter(
                "key", OpenApiTypes.STR, many=True, description="metrics whose new points to send"
            ),
        ],
        responses=LiveRunsOut,
    )
    def get(self, request: Request) -> HttpResponse:
        """What is new of several runs since the last time; ask once a second for those that are live."""
        settle_runs(self.actor.team)
        run_ids, keys = runs_of(request.query_params.getlist("run")), keys_of(request)
        metric_curves.check(run_ids, keys or ["none"], Wanted(points=metric_curves.LEAST_POINTS))
        since = _since(request.query_params.getlist("since"), run_ids) or dict.fromkeys(run_ids, 0)
        found = list(access.runs(self.actor).filter(pk__in=run_ids))
        if len(found) != len(run_ids):
            raise NotFound(f"Not all of these runs are in {self.actor.team.name}.", field="run")
        return json_answer(live_runs.news_of_many(found, since=since, keys=keys))


def keys_of(request: Request) -> list[str]:
    """The metrics named in the query, each once."""
    return [clean_key(key, field="key") for key in dict.fromkeys(request.query_params.getlist("key"))]


def json_answer(content: Any) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(content), content_type="application/json")


def runs_of(texts: Sequence[str]) -> list[uuid.UUID]:
    """The runs named in a query, each once."""
    try:
        return [uuid.UUID(text) for text in dict.fromkeys(texts)]
    except ValueError as error:
        raise Invalid("A run is named by its id.", field="run") from error


def _wanted(request: Request, run_ids: Sequence[uuid.UUID]) -> Wanted:
    query = request.query_params
    return Wanted(
        points=needed(request, "points", Wanted.points),
        axis=query.get("axis", Wanted.axis),
        scale=query.get("scale", Wanted.scale),
        low=_bound(query.get("low"), "low", -math.inf),
        high=_bound(query.get("high"), "high", math.inf),
        since=_since(query.getlist("since"), run_ids),
    )


def _bound(text: str | None, name: str, default: float) -> float:
    try:
        value = default if text is None else float(text)
    except ValueError as error:
        raise Invalid(f"{text[:50]!r} is no number.", field=name) from error  # type: ignore[index]  # None is no ValueError, it has the default
    if math.isnan(value):
        raise Invalid(f"{name} is a number.", field=name)
    return value


def _since(texts: Sequence[str], run_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    if not texts:
        return {}
    if len(texts) != len(run_ids) or not all(text.isascii() and text.isdecimal() for text in texts):
        raise Invalid("Send one whole number as `since` for each run, in their order.", field="since")
    return {run_id: min(int(text[:20]), LARGEST) for run_id, text in zip(run_ids, texts, strict=True)}
