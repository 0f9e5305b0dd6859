"""What is an officer looking for? A number, a place, a name with or without a wrong letter, a part of a telephone number."""

from collections import defaultdict

from django.db.models import Case, F, Q, When

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
NAMED = 200  # so many found requests are named in the next question
LIKELY = 2000  # so many names that share a part with what is looked for are compared


def q(by: Acting, words: str) -> Q:
    """The filter for a number, a place or, where the asker may see persons, a name, a phone or what was told."""
    words = words.strip()
    if rules.is_number(words):
        return Q(number=words)
    persons = reach_q(by.reach(Verb.SEE_PERSON))
    told = Q(Says(F("location"), words)) | Q(Says(F("description"), words))
    skeleton = text.skeleton(words)
    if skeleton:
        told |= Q(contact__search__contains=skeleton)
    digits = "".join(sign for sign in ascii_digits(words) if sign.isdigit())
    if len(digits) >= FEWEST_DIGITS:
        told |= Q(contact__phone__contains=digits.removeprefix("0"))  # kept with the country's code
    if skeleton and spelling.allowed(skeleton):
        told = _or_misspelt(persons, told, skeleton)
    found = persons & told
    if digits:
        found |= Q(number__contains=words)
    keys = defaultdict(list)
    for unit in places.search(words, limit=20, guess_in=by.where.place):
        keys[str(unit.level)].append(unit.key)
    keys.pop("nation", None)
    for column, some in keys.items():
        found |= Q(**{f"{column}__in": some})
    return found


def _or_misspelt(persons: Q, told: Q, key: str) -> Q:
    """What is ``told``, or the requests whose applicant's name may be meant by ``key`` with a wrong letter; these only
    where no name has it as it is. A few that were found in the same read are named, so that nothing is read twice.
    """
    shared = Q()
    for part in spelling.parts(key):
        shared |= Q(contact__search__contains=part)
    as_told = Case(When(told, then=True), default=False)
    rows = list(
        Request.objects.filter(persons, told | shared)
        .order_by()
        .values_list("pk", "contact__search", as_told)[:LIKELY]
    )
    names = {name for _, name, _ in rows if name}
    meant = set() if any(key in name for name in names) else {n for n in names if spelling.meant(key, n)}
    likely = [request for request, name, _ in rows if name in meant]
    known = list(dict.fromkeys([*likely, *(request for request, _, one in rows if one)]))
    if len(rows) < LIKELY and len(known) <= NAMED:
        return Q(pk__in=known)
    return told | Q(pk__in=likely)
