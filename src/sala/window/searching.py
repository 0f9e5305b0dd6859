"""What is an officer looking for? A number, a place, a name with or without a wrong letter, a part of a telephone number."""

from collections import defaultdict
from uuid import UUID

from django.db.models import F, Q

from sala.kit import text
from sala.kit.acting import Acting
from sala.kit.khmer import ascii_digits
from sala.kit.reach import q as reach_q
from sala.kit.saying import Says
from sala.places import queries as places
from sala.window import rules, spelling
from sala.window.models import Request
from sala.window.terms import Verb

FEWEST_DIGITS = 4  # of a telephone: its last ones are what people remember
LIKELY = 2000  # so many names that share a part with what is looked for are compared


def q(by: Acting, words: str) -> Q:
    """The filter for a number, a place or, where the asker may see persons, a name, a phone or what was told."""
    words = words.strip()
    if rules.is_number(words):
        return Q(number=words)
    found = Q(number__contains=words)
    persons = reach_q(by.reach(Verb.SEE_PERSON))
    told = Q(Says(F("location"), words)) | Q(Says(F("description"), words))
    skeleton = text.skeleton(words)
    if skeleton:
        told |= Q(contact__search__contains=skeleton)
        if spelling.allowed(skeleton) and (likely := _misspelt(persons, skeleton)):
            told |= Q(pk__in=likely)
    digits = "".join(sign for sign in ascii_digits(words) if sign.isdigit())
    if len(digits) >= FEWEST_DIGITS:
        told |= Q(contact__phone__contains=digits.removeprefix("0"))  # kept with the country's code
    found |= persons & told
    keys = defaultdict(list)
    for unit in places.search(words, limit=20, guess_in=by.where.place):
        keys[str(unit.level)].append(unit.key)
    keys.pop("nation", None)
    for column, some in keys.items():
        found |= Q(**{f"{column}__in": some})
    return found


def _misspelt(persons: Q, key: str) -> list[UUID]:
    """The requests whose applicant's name may be meant by ``key`` with a wrong letter; none where a name has it as it is."""
    shared = Q()
    for part in spelling.parts(key):
        shared |= Q(contact__search__contains=part)
    rows = Request.objects.filter(persons, shared).order_by().values_list("pk", "contact__search")[:LIKELY]
    names: dict[str, list[UUID]] = defaultdict(list)
    for request, name in rows:
        names[name].append(request)
    if any(key in name for name in names):
        return []
    return [request for name, some in names.items() if spelling.meant(key, name) for request in some]
