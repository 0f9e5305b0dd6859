"""Which bytes does an attachment's address answer with, and for whom?"""

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.views.decorators.http import require_safe

from sala.files import queries, registry, rules
from sala.kit.errors import NotFound
from sala.kit.terms import N_

# Should a browser ever read a picture as a page: an opaque origin in which nothing loads and nothing runs.
POLICY = "sandbox; default-src 'none'"


@require_safe
def picture(request: HttpRequest, token: str, small: bool = False) -> HttpResponse:
    """The picture for those who may open its record; for all others it is not there."""
    file = queries.attached(token)
    if file is None or not registry.may_open(request, file.kind, file.subject):
        raise NotFound(N_("There is no such photo, or it is not for you to see."))
    tag = f'"{(file.small_sha256 if small else file.sha256)[:32]}"'
    if request.headers.get("If-None-Match") == tag:
        response: HttpResponse = HttpResponseNotModified()
    else:
        content = queries.content(file, small=small)
        if content is None:
            raise NotFound(N_("There is no such photo, or it is not for you to see."))
        response = HttpResponse(content, content_type=file.media_type)
        response["Content-Disposition"] = f'inline; filename="{rules.shown_name(file.created, token, small)}"'
        response["Content-Length"] = str(len(content))
        # A JPEG doesn't shrink: spare the middleware that compresses pages the attempt.
        request.META["HTTP_ACCEPT_ENCODING"] = ""
    response["ETag"] = tag
    response["Cache-Control"] = "private, no-store"  # what a photo shows may be personal
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = POLICY
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
