"""Log in, log out, and a new password by e-mail: Django's own views in our pages."""

from django.contrib.auth import views
from django.contrib.auth.forms import PasswordResetForm
from django.http import HttpResponse
from django.urls import reverse_lazy

from mlregistry.accounts.actions.password_resets import count_request
from mlregistry.errors import TooMany


class Login(views.LoginView):
    """Failed attempts are counted by django-axes, which answers with accounts/locked_out.html."""

    template_name = "accounts/login.html"
    redirect_authenticated_user = True
    page_role = None


class Logout(views.LogoutView):
    """Ends the session; POST only."""

    http_method_names = ["post", "options"]
    page_role = None


class PasswordReset(views.PasswordResetView):
    """Sends a link; the answer is the same whether the address is known or not, and so is the limit."""

    template_name = "accounts/password_reset.html"
    email_template_name = "accounts/password_reset_email.txt"
    subject_template_name = "accounts/password_reset_subject.txt"
    success_url = reverse_lazy("accounts:password-reset-done")
    page_role = None

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
