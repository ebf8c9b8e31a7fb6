"""Django's settings, one file driven by the environment (DESIGN: environment contract); read by every process."""

import os
from pathlib import Path

from mlregistry import env
from mlregistry.accounts import sign_on_rules
from mlregistry.jobs import dask_cluster, engines, prices

# OpenMP's threads spin while they wait for each other: beside other work a boosting fit took ten times as long.
# The library reads this once, when it is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

BASE_DIR = Path(__file__).resolve().parents[1]
MLREGISTRY_HOME = env.home()
SECRET_KEY = env.secret_key()
DEBUG = env.flag("MLREGISTRY_DEBUG")
ALLOWED_HOSTS = env.text(
    "MLREGISTRY_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1],testserver," + env.host()
).split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in env.text("MLREGISTRY_TRUSTED_ORIGINS").split(",") if origin]

TASKS_ENGINE = env.text("MLREGISTRY_TASKS", "db")
TASKS = engines.tasks_setting(TASKS_ENGINE)
INSTALLED_APPS = [
    "mlregistry.console",  # before the admin, whose templates it replaces
    "mlregistry.console.admin_config.AdminWithConsole",  # urls.py discovers: only web processes load the doors
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "axes",
    "django_tasks",
    "django_tasks_db",
    *engines.APPS[TASKS_ENGINE],
    "mlregistry",
    "mlregistry.accounts",
    "mlregistry.jobs",
    "mlregistry.artifacts",
    "mlregistry.notices",
    "mlregistry.discussions",
    "mlregistry.ui",
    "experiments",
    "models_app",
    "serving",
]
MIDDLEWARE = [
    "mlregistry.ui.security.SecurityHeaders",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "mlregistry.accounts.team_prefix.TeamPrefix",
    "mlregistry.accounts.caller.Caller",
    "mlregistry.known_hosts.KnownHosts",
    "mlregistry.accounts.page_middleware.TokensPass",  # requests by token skip what follows
    "mlregistry.accounts.page_middleware.Sessions",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "mlregistry.urls"
WSGI_APPLICATION = "mlregistry.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "mlregistry.ui.context.page",
            ]
        },
    }
]

DATABASES = {"default": env.database_settings()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
SINGLE_SIGN_ON = sign_on_rules.from_environment()  # None: people log in with passwords alone
PASSWORDS = env.flag("MLREGISTRY_PASSWORDS", default=True)  # 0 with single sign-on: administrators alone
SIGN_ON_ADDRESS = env.text("MLREGISTRY_PUBLIC_URL")
if SINGLE_SIGN_ON is not None:
    INSTALLED_APPS += sign_on_rules.APPS
    MIDDLEWARE += sign_on_rules.MIDDLEWARE
    AUTHENTICATION_BACKENDS += ["mlregistry.accounts.backends.SingleSignOn"]
    if not PASSWORDS:
        AUTHENTICATION_BACKENDS[1] = "mlregistry.accounts.backends.AdministratorsByPassword"
    SOCIALACCOUNT_ADAPTER = "mlregistry.accounts.sign_on_protocol.People"
    ACCOUNT_ADAPTER = "mlregistry.accounts.sign_on_protocol.Accounts"
    ACCOUNT_EMAIL_VERIFICATION = SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
    SOCIALACCOUNT_ONLY = True
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "accounts:login"
AXES_FAILURE_LIMIT = env.number("MLREGISTRY_LOGIN_ATTEMPTS", 8)
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "accounts/locked_out.html"
AXES_VERBOSE = False

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.flag("MLREGISTRY_HTTPS")
EMAIL_BACKEND = (
    f"django.core.mail.backends.{'smtp' if env.text('MLREGISTRY_EMAIL_HOST') else 'console'}.EmailBackend"
)
EMAIL_HOST = env.text("MLREGISTRY_EMAIL_HOST")
EMAIL_PORT = env.number("MLREGISTRY_EMAIL_PORT", 25)
EMAIL_HOST_USER = env.text("MLREGISTRY_EMAIL_USER")
EMAIL_HOST_PASSWORD = env.text("MLREGISTRY_EMAIL_PASSWORD")
EMAIL_TIMEOUT = 15  # seconds
DEFAULT_FROM_EMAIL = env.text("MLREGISTRY_EMAIL_FROM", "mlregistry@localhost")

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
# Beside the code they are made from; in the home where that folder belongs to somebody else.
STATIC_ROOT = (BASE_DIR if os.access(BASE_DIR, os.W_OK) else MLREGISTRY_HOME) / "staticfiles"
_ARTIFACTS = env.text("MLREGISTRY_ARTIFACTS", str(MLREGISTRY_HOME / "artifacts"))
_S3 = _ARTIFACTS.startswith("s3://")
STORAGES = {
    "artifacts": {
        "BACKEND": "storages.backends.s3.S3Storage" if _S3 else "django.core.files.storage.FileSystemStorage",
        "OPTIONS": dict(zip(("bucket_name", "location"), _ARTIFACTS[5:].partition("/")[::2], strict=True))
        if _S3
        else {"location": _ARTIFACTS},
    },
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MANIFEST_STRICT = False
UPLOAD_LIMIT_BYTES = env.number("MLREGISTRY_UPLOAD_LIMIT_MB", 2048) * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_TEMP_DIR = MLREGISTRY_HOME / "uploads"
FILE_UPLOAD_TEMP_DIR.mkdir(exist_ok=True)
FILE_UPLOAD_HANDLERS = ["mlregistry.artifacts.upload_limit.LimitedUpload"]

ALLOWED_NETWORKS = env.networks("MLREGISTRY_ALLOWED_NETWORKS")  # beside public ones, for outgoing requests
SOURCES_OVER_HTTP = env.flag("MLREGISTRY_SOURCES_OVER_HTTP")  # secrets of data sources without TLS
SQLITE_FOLDER = env.text("MLREGISTRY_SQLITE_FOLDER")  # whose files may be data sources
ROLL_ROWS = env.number(
    "MLREGISTRY_ROLL_ROWS", 50_000, lowest=1
)  # sent rows become a version when so many wait
ROLL_SECONDS = env.number("MLREGISTRY_ROLL_SECONDS", 3_600, lowest=1)  # or when the first has waited so long
TRAINERS = env.flag("MLREGISTRY_TRAINERS")  # code of owners may run on the workers, in a jail
TRAINER_INDEX = env.text(
    "MLREGISTRY_TRAINER_INDEX"
)  # where the packages of trainers come from; empty: pip's own
MODEL_GATE = env.flag("MLREGISTRY_MODEL_GATE", default=True)  # aliases move to versions whose tests passed
MODEL_TESTS_FOLDER = env.text(
    "MLREGISTRY_MODEL_TESTS_FOLDER"
)  # Python files with tests of the operator's own
MODEL_TESTS_SECONDS = env.number(
    "MLREGISTRY_MODEL_TESTS_SECONDS", 30, lowest=1
)  # that each of those may take
TRAINER_ENTRY_POINTS = [word for word in env.text("MLREGISTRY_TRAINER_ENTRY_POINTS").split(",") if word]
TRACKING_URL = env.text("MLREGISTRY_TRACKING_URL", env.own_url())  # where workers find this server
LOAD_TEST_RATE = env.number(
    "MLREGISTRY_LOAD_TEST_RATE", 20_000
)  # requests a second at most; 0: no load tests
ALERT_FIGURES: list[str] = [  # dotted paths to more figures that alert rules may watch
    f"serving.queries.drift_alerts.{name}"
    for name in (
        "DRIFTED_SHARE",
        "COLUMN_DRIFT",
        "MISSING_SHARE",
        "UNSEEN_SHARE",
        "STREAM_CHANGES",
        "TOLD_APART",
        "EXPECTED_METRIC",
    )
]
DELIVERY_LOGS = [  # functions of (actor, state) that give the newest lines of mlregistry.notices.queries.deliveries
    "mlregistry.notices.queries.deliveries.of_channels",
    "models_app.queries.webhooks.of_webhooks",
]
NOUNS = [  # dotted paths to what may be talked about, watched and linked
    "experiments.nouns.PROBLEM",
    "experiments.nouns.DATASET",
    "experiments.nouns.EXPERIMENT",
    "experiments.nouns.RUN",
    "models_app.nouns.MODEL",
    "models_app.nouns.VERSION",
    "serving.nouns.ENDPOINT",
    "mlregistry.discussions.own_nouns.WRITEUP",
]
WRITEUP_BLOCKS = [  # dotted paths to the live charts and tables of write-ups
    "experiments.writeup_blocks.RUNS_TABLE",
    "experiments.writeup_blocks.CURVE",
    "experiments.writeup_blocks.METRIC",
    "experiments.writeup_blocks.COMPARISON",
    "serving.writeup_blocks.ENDPOINT",
]
PUBLIC_URL = env.text(
    "MLREGISTRY_PUBLIC_URL", TRACKING_URL
)  # where people find it, in messages that leave it
WEBHOOKS_OVER_HTTP = env.flag("MLREGISTRY_WEBHOOKS_OVER_HTTP")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["mlregistry.rest_authentication.TokenOrSession"],
    "DEFAULT_PERMISSION_CLASSES": ["mlregistry.rest_permission.DeclaredRole"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "mlregistry.rest_negotiation.UsuallyTheOnlyForm",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["mlregistry.rest_json.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "mlregistry.rest.problem_response",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "mlregistry",
    "DESCRIPTION": "Experiment tracking, model registry and serving.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.text("MLREGISTRY_LOG_LEVEL", "INFO")},
}

JOB_KINDS = {
    "experiments.train": "experiments.workers.training.train",
    "experiments.search": "experiments.workers.search.search",
    "experiments.search_fold": "experiments.workers.outer_folds.search_fold",
    "experiments.ensemble": "experiments.workers.auto_trainings.close",
    "experiments.run_trainer": "experiments.workers.trainers.run_trainer",
    "experiments.explain": "experiments.workers.explanations.explain",
    "experiments.select_features": "experiments.workers.selections.select_features",
    "experiments.profile": "experiments.workers.profiles.build",
    "experiments.check_version": "experiments.workers.quality.check_version",
    "experiments.scheduled_training": "experiments.workers.quality.scheduled_training",
    "experiments.refresh_source": "experiments.workers.sources.refresh",
    "experiments.roll_rows": "experiments.workers.streams.roll",
    "experiments.purge": "experiments.workers.trash.purge",
    "experiments.purge_old": "experiments.workers.trash.purge_old",
    "models_app.register": "models_app.workers.registration.register",
    "models_app.take_in": "models_app.workers.intakes.take_in",
    "models_app.compile": "models_app.workers.compilations.compile_version",
    "models_app.test_version": "models_app.workers.model_tests.test_version",
    "models_app.optimise": "models_app.workers.optimisations.optimise",
    "models_app.deliver_webhook": "models_app.workers.webhooks.deliver",
    "notices.deliver": "mlregistry.notices.workers.deliveries.deliver",
    "notices.mail": "mlregistry.notices.workers.mails.mail",
    "artifacts.sweep": "mlregistry.artifacts.sweeping.sweep",
    "accounts.demo": "serving.workers.demo.build",
    "serving.ship_predictions": "serving.workers.shipping.ship",
    "serving.predict_batch": "serving.workers.batches.predict_batch",
    "serving.score_shadow": "serving.workers.shadows.score",
    "serving.load_test": "serving.workers.load_tests.run",
    "serving.make_baseline": "serving.workers.drift.make_baseline",
    "serving.count_predictions": "serving.workers.drift.count_predictions",
    "serving.watch_drift": "serving.workers.drift.watch_drift",
    "serving.check_drift": "serving.workers.drift.check_drift",
    "serving.assemble_retraining": "serving.workers.retraining.assemble",
    "serving.compare_retraining": "serving.workers.retraining.compare",
    "serving.make_report": "serving.workers.reports.make_report",
    "serving.improve_features": "serving.workers.improvements.improve_features",
}
JOB_CLASSES = engines.JOB_CLASSES  # resource classes: what the machines of each offer one job
WORKER_CLASSES = engines.WORKER_CLASSES  # those of which a worker here takes jobs
PRICES = prices.parse(env.text("MLREGISTRY_PRICES"))  # of an hour of a processor, a GiB, a GPU
JOB_PRELOAD_BESIDE = [  # what training imports, so that its jobs start at once; see jobs.options
    "duckdb", "optuna", "skops.io", "experiments.workers.training", "experiments.workers.search",
    "mlregistry.ml.boosting.preloading",
]  # fmt: skip
PAUSABLE_JOB_KINDS = {"experiments.train"}  # those that call JobContext.checkpoint
JOB_KINDS_OUTSIDE_BUDGETS = {  # the upkeep that goes on when a team's budget is used up
    "experiments.check_version",
    "experiments.purge",
    "experiments.roll_rows",
    "experiments.scheduled_training",  # it starts a training, which is refused
    "models_app.compile",  # the version is registered all the same
    "models_app.test_version",
    "models_app.take_in",
    "models_app.deliver_webhook",
    "notices.deliver",
    "notices.mail",
    "accounts.demo",
}
CHORES = {  # small tasks that the scheduler does by itself, and after how many seconds again
    "experiments.actions.liveness.end_overdue": 60,
    "experiments.actions.streams.roll_due": 30,
    "experiments.actions.curve_rollups.tend": 30,
    "mlregistry.jobs.spending.stop_over_budget": 10,
    "experiments.actions.lanes.tend": 15,
    "experiments.actions.run_rules.tend": 15,
    "serving.actions.abtest_looks.tend": 10,
    "serving.actions.shadows.tend": 20,
    "serving.actions.drift_checks.tend": 60,
    "serving.actions.drift_checks.forget_old": 3600,
    "serving.actions.retraining_looks.tend": 10,
    "serving.actions.process_loads.forget_old": 3600,
    "serving.actions.unit_feedback.settle_due": 10,
    "serving.actions.retention.tend": 3600,
    "serving.actions.alert_looks.tend": 10,
    "serving.actions.reports.tend": 60,
    "mlregistry.notices.actions.retention.tend": 3600,
    "mlregistry.accounts.actions.sessions.forget_old": 3600,
    "mlregistry.accounts.actions.deletions.forget_old": 3600,
    "mlregistry.discussions.actions.watchers.tend": 15,
    "mlregistry.discussions.actions.digests.tend": 60,
    "mlregistry.discussions.actions.retention.tend": 3600,
}
PROFILE_LINKS: list[tuple[str, str, str]] = [  # more about oneself: a page's name, its title, what it is for
    ("notices:inbox", "Inbox", "What the server told you."),
    ("discussions:watching", "What I watch", "Where you are told of news, and how."),
]
WEB_SPREAD = env.flag("MLREGISTRY_WEB_SPREAD")
WEB_THREADS = env.web_threads()
PREDICTION_LOG_SYNC = env.flag("MLREGISTRY_PREDICTION_LOG_SYNC")
PREDICTION_QUEUE = env.number("MLREGISTRY_PREDICTION_QUEUE", 64, lowest=1)  # of an endpoint in one process
DASK = dask_cluster.place()  # where large trainings are fitted; None without a cluster
DASK_LEAST_CELLS = env.number("MLREGISTRY_DASK_CELLS", 1_000_000)
RUN_TIMEOUT_HOURS = env.number("MLREGISTRY_RUN_TIMEOUT_HOURS", 7 * 24)
TRASH_DAYS = env.number("MLREGISTRY_TRASH_DAYS", 0)
RQ = engines.RQ
RQ_QUEUES = engines.RQ_QUEUES
CELERY = engines.CELERY
HOME_CARDS = [  # what the start page shows, in order: functions of a request that give mlregistry.ui.cards.Card or None
    "serving.web.home_cards.first_steps",
    "experiments.web.home_cards.quality_alerts",
    "models_app.web.home_cards.waiting",
    "serving.web.home_cards.firing",
    "experiments.web.home_cards.problems",
    "serving.web.home_cards.endpoints",
    "experiments.web.home_cards.week",
    "mlregistry.discussions.web.home_cards.activity",
]
PROBLEM_STAGES = [  # who tells of the stages of a problem, in order: functions that give mlregistry.ui.stages.Stage
    "experiments.queries.stages.stages",
    "models_app.queries.stages.stages",
    "serving.queries.stages.stages",
]
FINDERS = [  # what the search looks through: functions of (actor, asked) that give mlregistry.ui.finding.Found
    "mlregistry.ui.places.places",
    *(
        f"experiments.queries.finding.{kind}"
        for kind in ("problems", "datasets", "experiments", "runs", "studies")
    ),
    *(f"models_app.queries.finding.{kind}" for kind in ("models", "versions")),
    "serving.queries.finding.endpoints",
    "mlregistry.accounts.queries.finding.people",
]
MODELS_CHANGED = ["serving.actions.routing.raise_epoch"]  # who learns of a version's compiled form
ACCESS_CHANGED = [  # who learns of new and revoked tokens and memberships
    "serving.actions.routing.raise_epoch",
    "mlregistry.mlflow_api.authentication.forget_changed",
]
