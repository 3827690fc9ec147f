"""Small functions around every request."""

PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer", "autoplay", "browsing-topics", "camera", "display-capture", "geolocation", "gyroscope",
        "magnetometer", "microphone", "midi", "payment", "usb", "xr-spatial-tracking",
    )
)  # fmt: skip


def security_headers(get_response):
    """Adds the headers that Django's own SecurityMiddleware does not know: CORP and Permissions-Policy."""

    def middleware(request):
        response = get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        # whatever says nothing of it is somebody's own page; whitenoise speaks for static files
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response

    return middleware
