"""Log in, log out, and a new password by e-mail: Django's own views in our pages."""

from django.contrib.auth import views
from django.urls import reverse_lazy


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
    """Sends a link; the answer is the same whether the address is known or not."""

    template_name = "accounts/password_reset.html"
    email_template_name = "accounts/password_reset_email.txt"
    subject_template_name = "accounts/password_reset_subject.txt"
    success_url = reverse_lazy("accounts:password-reset-done")
    page_role = None


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
