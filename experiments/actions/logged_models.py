"""Create, finalize, tag and delete logged models, and store their metrics. Called by doors and by logging."""

from .model_metrics import write_metrics

__all__ = ["write_metrics"]
