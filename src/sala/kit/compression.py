"""Which answers are worth compressing? Those that do not fit into one packet of the network."""

from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware

PACKET = 1200
"""Bytes of content that reach a phone in one piece, headers beside them."""


class CompressionMiddleware(GZipMiddleware):
    """Django's own, which would compress from 200 bytes on: time at both ends, and nothing comes sooner."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """The answer, compressed where it is long and the asker takes that."""
        if not response.streaming and len(response.content) <= PACKET:  # type: ignore[attr-defined]
            return response
        return super().process_response(request, response)
