"""The addresses of the talk."""

from django.urls import path

from posts.views import (
    clinicians,
    comments,
    decisions,
    drafts,
    flags,
    guests,
    leaving,
    openness,
    pages,
    previews,
    reading,
    revisions,
    threads,
)

urlpatterns = [
    path("", threads.front, name="front"),
    path("t/new/", threads.start, name="start"),
    path("t/<int:pk>/", threads.thread, name="thread_bare"),
    path("t/<int:pk>/<slug:slug>/", threads.thread, name="thread"),
    path("c/<int:pk>/", comments.permalink, name="comment"),
    path("c/<int:pk>/branch/", threads.branch, name="branch"),
    path("c/<int:pk>/fold/", reading.fold, name="fold"),
    path("c/<int:pk>/helpful/", reading.helpful, name="helpful"),
    path("c/<int:pk>/reply/", comments.reply, name="reply"),
    path("c/<int:pk>/edit/", comments.edit, name="edit"),
    path("c/<int:pk>/delete/", comments.delete, name="delete"),
    path("c/<int:pk>/undelete/", comments.undelete, name="undelete"),
    path("c/<int:pk>/history/", revisions.history, name="history"),
    path("c/<int:pk>/flag/", flags.flag, name="flag"),
    path("flags/", flags.mine, name="flags"),
    path("decisions/", decisions.mine, name="decisions"),
    path("decisions/<int:pk>/", decisions.statement, name="decision"),
    path("decisions/by-link/<str:token>/", decisions.by_link, name="decision_by_link"),
    path("decisions/acknowledge/", decisions.acknowledge, name="acknowledge"),
    # accounts has the other addresses under /account/
    path("account/clinician/", clinicians.clinician, name="clinician"),
    path("account/clinician/withdraw/", clinicians.withdraw, name="clinician_withdraw"),
    path("rules/", openness.rules, name="rules"),
    path("trust/", openness.trust, name="trust"),
    path("moderation-log/", openness.moderation_log, name="moderation_log"),
    path("transparency/", openness.transparency, name="transparency"),
    path("guest-comments/", guests.claims, name="claims"),
    # not below /t/N/, where the slug of a title stands
    path("arrivals/<int:pk>/", reading.arrivals, name="arrivals"),
    path("read/<int:pk>/", reading.read, name="read"),
    path("preview/", previews.preview, name="preview"),
    path("drafts/", drafts.drafts, name="drafts"),
    path("drafts/discard/", drafts.discard, name="discard_draft"),
    # before allauth's own addresses below /account/
    path("account/download/", leaving.download, name="download"),
    path("account/download/words.html", leaving.words, {"kind": "html"}, name="download_html"),
    path("account/download/words.json", leaving.words, {"kind": "json"}, name="download_json"),
    path("help/", pages.help_in_distress, name="help"),
]
