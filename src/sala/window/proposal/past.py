"""What did residents of this hall write, and which service was it? For learning in this hall only."""

from sala.accounts.acting import system
from sala.kit.text import normalise
from sala.window import queries
from sala.window.proposal.rules import ENGLISH, KHMER
from sala.window.proposal.texts import Text


def requests() -> list[Text]:
    """The words of past requests with the service they were handled as; who wrote them is not read."""
    return [
        Text(service, KHMER if language == KHMER else ENGLISH, "request", normalise(words))
        for service, language, words in queries.worded(system("train"))
    ]
