"""Pages of models from outside: the upload, an owner's decision, downloads of a version's forms."""

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.ui.page import PageRequest, page
from models_app import access
from models_app.actions import intakes
from models_app.downloads import sent
from models_app.requests import checked_request, parsed_json


@page(role=Role.EDITOR, form=True)
def upload(request: PageRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "models_app/upload.html", {"model": request.GET.get("model", "")})
    file = request.FILES.get("file")
    if file is None:
        raise Invalid("Choose the model's file.", field="file")
    form = request.POST
    said = checked_request(parsed_json(form, "signature"), parsed_json(form, "input_example"))
    made = intakes.upload(
        form.get("model", "").strip(), file, str(file.name), request=said,
        description=form.get("description", "").strip(), by=request.actor,
    )  # fmt: skip
    messages.success(request, f"Uploaded as version {made.number} of “{made.model.name}”.")
    return redirect("models_app:version", made.model.name, made.number)


@require_POST
@page(role=Role.OWNER)
def decide(request: PageRequest, name: str, number: int) -> HttpResponse:
    found, reason = access.version(request.actor, name, number), request.POST.get("reason", "")
    if request.POST.get("decision") == "approve":
        intakes.approve(found, reason, by=request.actor)
        messages.success(request, f"{found} is being opened in the jail.")
    else:
        intakes.reject(found, reason, by=request.actor)
        messages.success(request, f"{found} is refused; it was not opened.")
    return redirect("models_app:version", name, number)


@require_GET
@page()
def file(request: PageRequest, name: str, number: int, form: str) -> StreamingHttpResponse:
    return sent(access.version(request.actor, name, number), form)
