"""A django-tasks backend over Celery. The message names a task and its arguments; results are not kept,
because the Job row is the truth. settings.TASKS names it; the worker is `celery -A mlregistry worker`.
"""

from typing import Any

from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks import TaskResult, TaskResultStatus
from django_tasks.backends.base import BaseTaskBackend
from django_tasks.base import Task
from django_tasks.exceptions import InvalidTaskError
from django_tasks.signals import task_enqueued
from django_tasks.utils import get_random_id, normalize_json

from mlregistry.celery import app


class CeleryBackend(BaseTaskBackend):
    supports_async_task = True
    supports_defer = True

    def validate_task(self, task: Task[..., Any]) -> None:
        super().validate_task(task)
        if task.takes_context:
            raise InvalidTaskError("The Celery backend gives a task no context.")

    def enqueue(self, task: Task[..., Any], args: Any, kwargs: Any) -> TaskResult[Any]:
        self.validate_task(task)
        result: TaskResult[Any] = TaskResult(
            task=task,
            id=get_random_id(),
            status=TaskResultStatus.READY,
            enqueued_at=timezone.now(),
            started_at=None,
            last_attempted_at=None,
            finished_at=None,
            args=list(args),
            kwargs=kwargs,
            backend=self.alias,
            errors=[],
            worker_ids=[],
        )
        perform.apply_async(
            args=[task.module_path, normalize_json(list(args)), normalize_json(kwargs)],
            task_id=result.id,
            queue=task.queue_name,
            eta=task.run_after,
        )
        task_enqueued.send(type(self), task_result=result)
        return result


def call_task(path: str, args: list[Any], kwargs: dict[str, Any]) -> None:
    """Runs in the Celery worker: the path must name a task, nothing else is called."""
    task = import_string(path)
    if not isinstance(task, Task):
        raise InvalidTaskError(f"{path} is not a task.")
    task.call(*args, **kwargs)


perform: Any = app.task(call_task, name="mlregistry.perform")
