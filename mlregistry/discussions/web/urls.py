"""Addresses of the pages of comments, the activity feed, watching and write-ups."""

from django.urls import URLPattern, path

from . import activity, discussions, watching, writeups

urlpatterns: list[URLPattern] = [
    path("discussions/people", discussions.people, name="people"),
    path("discussions/<str:kind>/<path:handle>/watch", discussions.watch, name="watch"),
    path("discussions/<str:kind>/<path:handle>/threads", discussions.threads, name="threads"),
    path("discussions/<str:kind>/<path:handle>/", discussions.discussion, name="discussion"),
    path("comments/<int:comment_id>/edit", discussions.edit, name="comment-edit"),
    path("comments/<int:comment_id>/delete", discussions.delete, name="comment-delete"),
    path("comments/<int:comment_id>/restore", discussions.restore, name="comment-restore"),
    path("comments/<int:comment_id>/resolve", discussions.resolve, name="comment-resolve"),
    path("activity/", activity.activity, name="activity"),
    path("watching/", watching.watching, name="watching"),
    path("writeups/", writeups.writeups, name="writeups"),
    path("writeups/new", writeups.create, name="writeup-create"),
    path("writeups/preview", writeups.preview, name="writeup-preview"),
    path("writeups/<int:writeup_id>/", writeups.writeup, name="writeup"),
    path("writeups/<int:writeup_id>/edit", writeups.edit, name="writeup-edit"),
    path("writeups/<int:writeup_id>/history", writeups.history, name="writeup-history"),
    path("writeups/<int:writeup_id>/versions/<int:number>/", writeups.version, name="writeup-version"),
    path("writeups/<int:writeup_id>/versions/<int:number>/restore", writeups.restore, name="writeup-restore"),
    path("writeups/<int:writeup_id>/delete", writeups.delete, name="writeup-delete"),
    path("writeups/<int:writeup_id>/undelete", writeups.undelete, name="writeup-undelete"),
]
