"""Every door's URLs in one place; a prefix /t/<team> is taken off before this table is asked."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from mlregistry import probes

handler400 = "mlregistry.ui.page.bad_request"
handler500 = "mlregistry.ui.page.server_error"

admin.autodiscover()

urlpatterns = [
    path("health", probes.health, name="health"),
    path("ping", probes.health, name="ping"),
    path("version", probes.version, name="version"),
    path("metrics", probes.metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api-docs"),
    path("api/v1/", include("mlregistry.accounts.api.urls")),
    path("api/v1/", include("mlregistry.jobs.api.urls")),
    path("api/v1/", include("mlregistry.notices.api.urls")),
    path("api/v1/", include("experiments.api.urls")),
    path("api/v1/", include("models_app.api.urls")),
    path("api/v1/", include("serving.api.urls")),
    path("", include("serving.api.protocol_urls")),
    path("", include(("mlregistry.ui.urls", "ui"))),
    path("", include(("mlregistry.accounts.web.urls", "accounts"))),
    path("", include(("mlregistry.jobs.web.urls", "jobs"))),
    path("", include(("mlregistry.notices.web.urls", "notices"))),
    path("", include(("experiments.web.urls", "experiments"))),
    path("", include(("models_app.web.urls", "models_app"))),
    path("", include(("serving.web.urls", "serving"))),
]
