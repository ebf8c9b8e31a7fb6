"""Log in, log out, and a new password by e-mail: Django's own views in our pages."""

from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, views
from django.contrib.auth.forms import PasswordResetForm
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse_lazy

from mlregistry.accounts.actions.password_resets import count_request
from mlregistry.errors import Forbidden, TooMany
from mlregistry.ui.page import error_page


class Login(views.LoginView):
    """Failed attempts are counted by django-axes, which answers with accounts/locked_out.html."""

    template_name = "accounts/login.html"
    redirect_authenticated_user = True
    page_role = None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With single sign-on the provider's button comes first; without passwords their form is for administrators."""
        rules = settings.SINGLE_SIGN_ON
        passwords = settings.PASSWORDS or rules is None
        asked = "local" in self.request.GET or self.request.method == "POST"
        return super().get_context_data(
            **kwargs,
            sign_on=rules.name if rules else "",
            passwords=passwords,
            shows_password=passwords or asked,
            signed_out="signed_out" in self.request.GET,
        )


class Logout(views.LogoutView):
    """Ends the session; POST only."""

    http_method_names = ["post", "options"]
    page_role = None

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Who came by single sign-on is told that the provider still knows them."""
        by_provider = str(request.session.get(BACKEND_SESSION_KEY, "")).endswith(".SingleSignOn")
        self.next_page = "/login/?signed_out=1" if by_provider else None
        return super().post(request, *args, **kwargs)


class PasswordReset(views.PasswordResetView):
    """Sends a link; the answer is the same whether the address is known or not, and so is the limit."""

    template_name = "accounts/password_reset.html"
    email_template_name = "accounts/password_reset_email.txt"
    subject_template_name = "accounts/password_reset_subject.txt"
    success_url = reverse_lazy("accounts:password-reset-done")
    page_role = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if settings.SINGLE_SIGN_ON is not None and not settings.PASSWORDS:
            return error_page(
                request, Forbidden("Passwords are switched off here: sign in through your provider.")
            )
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: PasswordResetForm) -> HttpResponse:
        try:
            count_request(form.cleaned_data["email"], self.request.META.get("REMOTE_ADDR", ""))
        except TooMany as error:
            form.add_error(None, error.message)
            return self.render_to_response(self.get_context_data(form=form), status=error.status)
        return super().form_valid(form)


class PasswordResetDone(views.PasswordResetDoneView):
    template_name = "accounts/password_reset_done.html"
    page_role = None


class PasswordResetConfirm(views.PasswordResetConfirmView):
    """The page behind the link; it works once and for three days."""

    template_name = "accounts/password_reset_confirm.html"
    success_url = reverse_lazy("accounts:password-reset-complete")
    page_role = None


class PasswordResetComplete(views.PasswordResetCompleteView):
    template_name = "accounts/password_reset_complete.html"
    page_role = None
