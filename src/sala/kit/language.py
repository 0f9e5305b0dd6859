"""In which language is this request answered? A page's address says it; a program asks by Accept-Language."""

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

PROGRAMS = ("/api/", "/open311/", "/ledger/")
"""How addresses begin that programs ask."""


def language_of(request: HttpRequest) -> str:
    """The language to answer in: the address's, for programs Accept-Language, else the reader's cookie or browser's."""
    for code in ("km", "en"):
        if request.path_info == f"/{code}" or request.path_info.startswith(f"/{code}/"):
            return code
    if request.path_info.startswith(PROGRAMS):
        asked = request.META.get("HTTP_ACCEPT_LANGUAGE", "")
        if not asked and not request.COOKIES:
            return str(settings.LANGUAGE_CODE)
        for wanted, _quality in parse_accept_lang_header(asked):
            try:
                return translation.get_supported_language_variant(wanted)
            except LookupError:
                continue
    return translation.get_language_from_request(request)


class LanguageMiddleware(LocaleMiddleware):
    """Django's own for pages; a program's address has no language and leads to no other address."""

    def process_request(self, request: HttpRequest) -> None:
        """Answer in this language."""
        if request.path_info.startswith(PROGRAMS):
            translation.activate(language_of(request))
        else:
            super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Say which it was."""
        if not request.path_info.startswith(PROGRAMS):
            return super().process_response(request, response)
        patch_vary_headers(response, ("Accept-Language",))
        response.headers.setdefault("Content-Language", translation.get_language())
        return response
