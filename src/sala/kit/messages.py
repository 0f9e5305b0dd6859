"""Who is told on the next page what was done? The reader of pages; a program is told by its answer."""

from django.contrib.messages.middleware import MessageMiddleware
from django.http import HttpRequest

from sala.kit.language import PROGRAMS


class MessagesMiddleware(MessageMiddleware):
    """Django's own, for pages alone."""

    def process_request(self, request: HttpRequest) -> None:
        """Make room for messages, signed with the server's secret."""
        if not request.path_info.startswith(PROGRAMS):
            super().process_request(request)
