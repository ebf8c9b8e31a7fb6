"""MLflow's GraphQL, which its web page and some tools read with: the same answers as REST, field by field."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import Any

import msgspec

from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid, MlregistryError
from mlregistry.lib.graphql import Wanted, parse
from models_app.queries.search import search_versions

from . import artifacts, experiments, fields, ids, model_versions, run_reads, wire
from .fields import anything, text
from .route import Answer, Call, Route

# Each type's fields and their kinds: s text, i a whole number as text, f a number, b true or false, another type,
# or [ and a type for a list of it.
TYPES = {
    "MlflowGetExperimentResponse": "experiment:MlflowExperiment apiError:ApiError",
    "MlflowGetRunResponse": "run:MlflowRunExtension apiError:ApiError",
    "MlflowSearchRunsResponse": "runs:[MlflowRunExtension nextPageToken:s apiError:ApiError",
    "MlflowListArtifactsResponse": "rootUri:s files:[MlflowFileInfo nextPageToken:s apiError:ApiError",
    "MlflowSearchDatasetsResponse": "datasetSummaries:[MlflowDatasetSummary apiError:ApiError",
    "MlflowGetMetricHistoryBulkIntervalResponse": "metrics:[MlflowMetricWithRunId apiError:ApiError",
    "MlflowSearchModelVersionsResponse": "modelVersions:[MlflowModelVersion nextPageToken:s apiError:ApiError",
    "ApiError": "code:s message:s helpUrl:s",
    "Test": "output:s",
    "MlflowExperiment": "experimentId:s name:s artifactLocation:s lifecycleStage:s lastUpdateTime:i creationTime:i"
    " tags:[MlflowExperimentTag effectiveTraceArchivalRetention:s workspace:s",
    "MlflowExperimentTag": "key:s value:s",
    "MlflowRunExtension": "info:MlflowRunInfo data:MlflowRunData inputs:MlflowRunInputs outputs:MlflowRunOutputs"
    " experiment:MlflowExperiment modelVersions:[MlflowModelVersion",
    "MlflowRunInfo": "runId:s runUuid:s runName:s experimentId:s userId:s status:s startTime:i endTime:i"
    " artifactUri:s lifecycleStage:s",
    "MlflowRunData": "metrics:[MlflowMetricExtension params:[MlflowParam tags:[MlflowRunTag",
    "MlflowMetricExtension": "key:s value:f timestamp:i step:i datasetName:s datasetDigest:s modelId:s runId:s",
    "MlflowMetricWithRunId": "key:s value:f timestamp:i step:i runId:s",
    "MlflowParam": "key:s value:s",
    "MlflowRunTag": "key:s value:s",
    "MlflowRunInputs": "datasetInputs:[MlflowDatasetInput modelInputs:[MlflowModelInput",
    "MlflowRunOutputs": "modelOutputs:[MlflowModelOutput",
    "MlflowDatasetInput": "tags:[MlflowInputTag dataset:MlflowDataset",
    "MlflowInputTag": "key:s value:s",
    "MlflowDataset": "name:s digest:s sourceType:s source:s schema:s profile:s",
    "MlflowModelInput": "modelId:s",
    "MlflowModelOutput": "modelId:s step:i",
    "MlflowFileInfo": "path:s isDir:b fileSize:i",
    "MlflowDatasetSummary": "experimentId:s name:s digest:s context:s",
    "MlflowModelVersion": "name:s version:s creationTimestamp:i lastUpdatedTimestamp:i userId:s currentStage:s"
    " description:s source:s runId:s status:s statusMessage:s tags:[MlflowModelVersionTag runLink:s aliases:[s"
    " modelId:s modelParams:[MlflowModelParam modelMetrics:[MlflowMetricExtension deploymentJobState:s",
    "MlflowModelVersionTag": "key:s value:s",
    "MlflowModelParam": "name:s value:s",
}
KINDS: dict[str, dict[str, str]] = {
    name: dict(each.split(":") for each in kinds.split()) for name, kinds in TYPES.items()
}
BLANK: dict[str, Any] = {"s": "", "i": "0", "f": 0.0, "b": False}
UPPER = re.compile(r"([A-Z])")


def answer(call: Call) -> Answer:
    given = call.given
    try:
        document = parse(given["query"])
        document.check()
        wanted = _merged(document.chosen(given["operation_name"], given["variables"] or {}))
    except Invalid as error:
        return {"data": None, "errors": [error.message]}
    data: dict[str, Any] = {}
    errors = []
    for each in wanted:
        try:
            data[each.alias or each.name] = _root(call, each)
        except MlregistryError as error:
            data[each.alias or each.name] = None
            errors.append(error.message)
    return {"data": data, "errors": errors or None}


class _Answer:
    """One answer, shaped to what is wanted of it; what belongs to its runs is looked up once for all."""

    def __init__(self, call: Call, found: dict[str, Any]) -> None:
        self.call, self.found = call, found
        self.experiments: dict[str, Any] = {}

    def shaped(self, value: dict[str, Any], wanted: list[Wanted], of: str) -> dict[str, Any]:
        told = {}
        for each in _merged(wanted):
            kind = "s" if each.name == "__typename" else KINDS[of].get(each.name)
            if kind is None:
                raise Invalid(f"Cannot query field '{each.name[:100]}' on type '{of}'.")
            stored = of if each.name == "__typename" else self._stored(value, each.name, of)
            told[each.alias or each.name] = self._as(kind, stored, each)
        return told

    def _as(self, kind: str, value: Any, wanted: Wanted) -> Any:
        if kind[0] == "[":
            return [self._as(kind[1:], one, wanted) for one in value or ()]
        if kind in KINDS:
            if not wanted.fields:
                raise Invalid(
                    f"Field '{wanted.name[:100]}' of type '{kind}' must have a selection of subfields."
                )
            return None if kind == "ApiError" else self.shaped(value or {}, wanted.fields, kind)
        if wanted.fields:
            raise Invalid(f"Field '{wanted.name[:100]}' must not have a selection: it has no subfields.")
        if value is None:
            return BLANK[kind]
        if kind == "f":
            return None if value == "NaN" else float(value)
        return value if kind == "b" else str(value)

    def _stored(self, value: dict[str, Any], name: str, of: str) -> Any:
        if (of, name) == ("MlflowRunExtension", "experiment"):
            return self._experiment(value["info"]["experiment_id"])
        if (of, name) == ("MlflowRunExtension", "modelVersions"):
            return self._versions.get(value["info"]["run_id"])
        return value.get(UPPER.sub(r"_\1", name).lower())

    def _experiment(self, key: str) -> Any:
        if key not in self.experiments:
            self.experiments[key] = _plain(
                experiments.shown(ids.experiment(self.call.by, key), self.call.by.team.slug)
            )
        return self.experiments[key]

    @cached_property
    def _versions(self) -> dict[str, list[Any]]:
        runs = self.found.get("runs") or [self.found["run"]]
        keys = ", ".join(f"'{run['info']['run_id']}'" for run in runs)
        found = search_versions(self.call.by.team.pk, filter=f"run_id IN ({keys})", max_results=10_000)
        of_runs: dict[str, list[Any]] = {}
        for row in found.rows:
            shown = _plain(model_versions.shown(row, aliases=False))
            of_runs.setdefault(shown["run_id"], []).append(shown)
        return of_runs


def _root(call: Call, wanted: Wanted) -> Any:
    if wanted.name == "__typename":
        return "Query"
    if wanted.name not in ROOTS:
        raise Invalid(f"Cannot query field '{wanted.name[:100]}' on type 'Query'.")
    of, act, allowed = ROOTS[wanted.name]
    sent = wanted.arguments if of == "Test" else wanted.arguments.get("input")
    if not isinstance(sent, dict):
        raise Invalid(f"Field '{wanted.name}' needs the argument 'input'.")
    given = fields.read(allowed, sent)
    found = _plain(act(Call(call.by, given, {}, call.environ, call.token)))
    return _Answer(call, found)._as(of, found, wanted)


def _echo(call: Call) -> Answer:
    return {"output": call.given["input_string"]}


def _plain(told: Answer) -> Any:
    """As JSON has it: parts of an answer may be text that the database wrote."""
    return msgspec.json.decode(wire.encoded(told))


def _merged(wanted: list[Wanted]) -> list[Wanted]:
    """One for each key of the answer: who asks twice wants the fields of both."""
    found: dict[str, Wanted] = {}
    for each in wanted:
        known = found.setdefault(each.alias or each.name, Wanted(each.name, each.alias, each.arguments))
        if (known.name, known.arguments) != (each.name, each.arguments):
            raise Invalid(f"Fields '{each.alias or each.name}' conflict: use different aliases.")
        known.fields = [*(known.fields or []), *each.fields] if each.fields else known.fields
    return list(found.values())


def _rest(routes: tuple[Route, ...], path: str) -> tuple[Callable[[Call], Answer], tuple[fields.Field, ...]]:
    """The function and fields of a REST route."""
    found = next(route for route in routes if route.path == f"2.0/mlflow/{path}")
    return found.act, found.fields or ()


ECHO = ("Test", _echo, (text("input_string"),))
ROOTS: dict[str, tuple[str, Callable[[Call], Answer], tuple[fields.Field, ...]]] = {
    "mlflowGetExperiment": ("MlflowGetExperimentResponse", *_rest(experiments.ROUTES, "experiments/get")),
    "mlflowGetRun": ("MlflowGetRunResponse", *_rest(run_reads.ROUTES, "runs/get")),
    "mlflowSearchRuns": ("MlflowSearchRunsResponse", *_rest(run_reads.ROUTES, "runs/search")),
    "mlflowListArtifacts": ("MlflowListArtifactsResponse", *_rest(artifacts.ROUTES, "artifacts/list")),
    "mlflowSearchDatasets": (
        "MlflowSearchDatasetsResponse", *_rest(run_reads.ROUTES, "experiments/search-datasets"),
    ),
    "mlflowGetMetricHistoryBulkInterval": (
        "MlflowGetMetricHistoryBulkIntervalResponse",
        *_rest(run_reads.ROUTES, "metrics/get-history-bulk-interval"),
    ),
    "mlflowSearchModelVersions": (
        "MlflowSearchModelVersionsResponse", *_rest(model_versions.ROUTES, "model-versions/search"),
    ),
    "test": ECHO,
    "testMutation": ECHO,
}  # fmt: skip
ROUTES = (
    Route(
        "POST", "graphql", answer, Role.VIEWER,
        (text("query", required=True), text("operation_name"), anything("variables")),
    ),
)  # fmt: skip
