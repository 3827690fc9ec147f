"""URL patterns of threads, comments, moderation and data export."""

from django.urls import path

from posts.moderation.views import flags, statements, transparency, verification
from posts.privacy.views import download
from posts.reading.views import comments as reading_comments
from posts.reading.views import pages, progress, revisions
from posts.reading.views import threads as reading_threads
from posts.writing.views import comments, drafts, guests, previews, threads

urlpatterns = [
    path("", reading_threads.front, name="front"),
    path("t/new/", threads.start, name="start"),
    path("t/<int:pk>/", reading_threads.thread, name="thread_bare"),
    path("t/<int:pk>/<slug:slug>/", reading_threads.thread, name="thread"),
    path("c/<int:pk>/", reading_comments.permalink, name="comment"),
    path("c/<int:pk>/branch/", reading_threads.branch, name="branch"),
    path("c/<int:pk>/fold/", progress.fold, name="fold"),
    path("c/<int:pk>/helpful/", progress.helpful, name="helpful"),
    path("c/<int:pk>/reply/", comments.reply, name="reply"),
    path("c/<int:pk>/edit/", comments.edit, name="edit"),
    path("c/<int:pk>/delete/", comments.delete, name="delete"),
    path("c/<int:pk>/undelete/", comments.undelete, name="undelete"),
    path("c/<int:pk>/history/", revisions.history, name="history"),
    path("c/<int:pk>/flag/", flags.flag, name="flag"),
    path("flags/", flags.mine, name="flags"),
    path("decisions/", statements.mine, name="decisions"),
    path("decisions/<int:pk>/", statements.statement, name="decision"),
    path("decisions/by-link/<str:token>/", statements.by_link, name="decision_by_link"),
    path("decisions/acknowledge/", statements.acknowledge, name="acknowledge"),
    # The app accounts has the other addresses under /account/.
    path("account/clinician/", verification.clinician, name="clinician"),
    path("account/clinician/withdraw/", verification.withdraw, name="clinician_withdraw"),
    path("rules/", transparency.rules, name="rules"),
    path("trust/", transparency.trust, name="trust"),
    path("moderation-log/", transparency.moderation_log, name="moderation_log"),
    path("transparency/", transparency.transparency, name="transparency"),
    path("guest-comments/", guests.claims, name="claims"),
    # Not under /t/<id>/, where the slug of a title would match.
    path("arrivals/<int:pk>/", progress.arrivals, name="arrivals"),
    path("read/<int:pk>/", progress.read, name="read"),
    path("preview/", previews.preview, name="preview"),
    path("drafts/", drafts.drafts, name="drafts"),
    path("drafts/discard/", drafts.discard, name="discard_draft"),
    # These must come before the addresses of allauth under /account/.
    path("account/download/", download.download, name="download"),
    path("account/download/words.html", download.words, {"kind": "html"}, name="download_html"),
    path("account/download/words.json", download.words, {"kind": "json"}, name="download_json"),
    path("help/", pages.help_in_distress, name="help"),
]
