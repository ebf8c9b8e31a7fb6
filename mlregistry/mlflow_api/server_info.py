"""What clients ask a server before they log in: which parts of MLflow it has. No tenant's data stands here."""

from __future__ import annotations

from .route import Answer, Call, Route

INFO = {
    "store_type": "SqlStore",
    "workspaces_enabled": True,
    "trace_archival_enabled": False,
    "multipart_uploads_enabled": True,
    "multipart_downloads_enabled": False,
    "artifact_serving_enabled": True,
    "presigned_upload_run_id_supported": False,
    "presigned_upload_model_id_supported": False,
    "model_artifact_presigned_downloads_supported": False,
    "artifacts_presigned_only": False,
    "features_enabled": {"gateway": False},
    "tracking_auth": True,
}


def get(call: Call) -> Answer:
    return INFO


# Clients that get no answer from the first address try the second.
ROUTES = tuple(
    Route("GET", f"3.0/mlflow/{name}", get, None, None) for name in ("server-info", "server-features")
)
