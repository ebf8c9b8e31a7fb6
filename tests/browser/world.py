"""A small world with one of everything that has a page, made by the actions; the checks of all pages walk it."""

import io
import re
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from experiments.actions.artifacts import save_artifact
from experiments.actions.datasets import add_version, create_dataset
from experiments.actions.logged_models import create_logged_model
from experiments.actions.problems import create_problem
from experiments.actions.recipes import save_recipe
from experiments.actions.run_rules import create_run_rule
from experiments.actions.runs import create_run, delete_run
from experiments.actions.training import start_training
from experiments.models import SelectionStudy, Study
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.jobs.inline import run_here
from mlregistry.lib.sample_tables import SAMPLES
