"""The addresses of the site: apps are mounted by name."""

from django.contrib import admin
from django.urls import include, path

from forum import views

urlpatterns = [
    path("", include("posts.urls")),
    path("look/", views.look, name="look"),
    path("account/", include("accounts.urls")),
    path("account/", include("allauth.urls")),
    path("desk/", admin.site.urls),
]

handler400 = "forum.errors.bad_request"
handler403 = "forum.errors.forbidden"
handler500 = "forum.errors.broken"
handler429 = "forum.errors.too_many"
handler404 = "forum.errors.not_found"
