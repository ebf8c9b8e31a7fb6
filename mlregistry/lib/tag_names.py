"""Tags with a meaning: columns of a run that MLflow writes as tags, and what pages read. Called by all apps."""

RUN_NAME = "mlflow.runName"
NOTE = "mlflow.note.content"  # of a run its note, of an experiment its description
PARENT_RUN = "mlflow.parentRunId"
DATA_CONTEXT = "mlflow.data.context"
SOURCE_NAME = "mlflow.source.name"
SOURCE_COMMIT = "mlflow.source.git.commit"
SOURCE_BRANCH = "mlflow.source.git.branch"
SOURCE_REPOSITORY = "mlflow.source.git.repoURL"
SOURCE_DIRTY = "mlflow.source.git.dirty"
SOURCE_DIFF = "mlflow.source.git.diff"
OLD_BRANCH, OLD_REPOSITORY = "mlflow.gitBranchName", "mlflow.gitRepoURL"
REPOSITORIES = frozenset({SOURCE_REPOSITORY, OLD_REPOSITORY})
MODEL_VERSIONS = "mlflow.modelVersions"  # of a logged model
TIMEOUT = "mlregistry.timeoutSeconds"
