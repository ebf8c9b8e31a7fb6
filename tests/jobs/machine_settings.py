"""The settings of workers on other machines in tests: short intervals, the kinds that the product has."""

from mlregistry.jobs.options import DEFAULTS
from mlregistry.settings import JOB_KINDS as PRODUCT_KINDS

from .short_intervals import KINDS
from .worker_settings import *  # noqa: F403 (a settings file extends another)

JOB_KINDS = {**PRODUCT_KINDS, **KINDS}
JOB_PRELOAD = DEFAULTS["JOB_PRELOAD"]  # trainings run here
