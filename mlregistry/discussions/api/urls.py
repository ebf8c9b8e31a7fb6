"""The addresses of comments, watches, the activity feed and write-ups under /api/v1/."""

from django.urls import path

from . import activity, comments, watches, writeups

urlpatterns = [
    path("comments/", comments.Comments.as_view()),
    path("comments/<int:comment_id>", comments.OneComment.as_view()),
    path("comments/<int:comment_id>/restore", comments.Restore.as_view()),
    path("comments/<int:comment_id>/resolve", comments.Resolve.as_view()),
    path("comments/<int:comment_id>/reopen", comments.Reopen.as_view()),
    path("watches/", watches.Watches.as_view()),
    path("watches/of", watches.OneWatch.as_view()),
    path("notice-settings", watches.NoticeSettings.as_view()),
    path("activity/", activity.Activity.as_view()),
    path("writeups/", writeups.WriteUps.as_view()),
    path("writeups/<int:writeup_id>", writeups.OneWriteUp.as_view()),
    path("writeups/<int:writeup_id>/restore", writeups.Restore.as_view()),
    path("writeups/<int:writeup_id>/versions/", writeups.Versions.as_view()),
    path("writeups/<int:writeup_id>/versions/<int:number>", writeups.OneVersion.as_view()),
    path("writeups/<int:writeup_id>/versions/<int:number>/restore", writeups.RestoreVersion.as_view()),
    path("writeups/<int:writeup_id>/versions/<int:number>/diff", writeups.Diff.as_view()),
]
