"""The decorator of the few pages that need nobody signed in: errors become pages here too."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse

from mlregistry.errors import MlregistryError
from mlregistry.ui.page import error_page

View = Callable[..., HttpResponse]


def public(view: View) -> View:
    """An error on a form that was sent shows the form again; any other is an error page."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.form_error = None  # type: ignore[attr-defined]  # an attribute of ours
        try:
            return view(request, *args, **kwargs)
        except MlregistryError as error:
            if request.method != "POST" or error.field is None:
                return error_page(request, error)
            request.method, request.form_error = "GET", error  # type: ignore[attr-defined]  # an attribute of ours
            response = view(request, *args, **kwargs)
            response.status_code = error.status
            return response

    answer.page_role = None  # type: ignore[attr-defined]  # an attribute of ours
    return answer
