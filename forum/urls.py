"""The root URLconf; each app has its own."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from forum import views
from forum.models import Page

urlpatterns = [
    path("", include("posts.urls")),
    path("look/", views.look, name="look"),
    path("language/", views.language, name="language"),
    *(path(f"{name}/", views.page, {"name": name}, name=name) for name in Page.Name.values),
    path("account/", include("accounts.urls")),
    path("account/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    # the address before version 0.1.0
    re_path(r"^desk/(?P<rest>.*)$", RedirectView.as_view(url="/admin/%(rest)s", query_string=True, permanent=True)),
]

handler400 = "forum.errors.bad_request"
handler403 = "forum.errors.forbidden"
handler500 = "forum.errors.broken"
handler429 = "forum.errors.too_many"
handler404 = "forum.errors.not_found"
