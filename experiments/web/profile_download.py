"""The report of a profile as one HTML file without any other resource. Called by the page and by the API."""

from django.http import HttpResponse
from django.template.loader import render_to_string

from experiments.models import DatasetVersion
from mlregistry.ml.profiling.document import Profile

from . import profile_figures

MOST_CARDS = 500
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def download(version: DatasetVersion, profile: Profile) -> HttpResponse:
    """An attachment named by ids alone."""
    context = {
        "version": version,
        "profile": profile,
        "cards": profile_figures.all_cards(profile, MOST_CARDS),
        "n_left_out": max(0, len(profile.columns) - MOST_CARDS),
        "heat_maps": profile_figures.heat_maps(profile),
        **profile_figures.overview(profile),
    }
    response = HttpResponse(render_to_string("experiments/profile_download.html", context))
    response["Content-Disposition"] = (
        f'attachment; filename="profile-{version.dataset_id}-v{version.number}.html"'
    )
    response["Content-Security-Policy"] = POLICY
    return response
