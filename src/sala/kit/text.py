"""How is this text written, found and ordered? Khmer and Latin text made one for storage, search and sorting.

The order inside a Khmer syllable follows the Unicode Standard's chapter on Khmer as made precise by SIL's
description of the script's structure: base, robat, subscripts (ro last), shifter, vowel, signs. The search
skeleton is a fold for comparison only and is never shown or stored as the text itself.
"""

import re
import unicodedata

COENG = "\u17d2"
_BASE = "\u1780-\u17b3\u25cc"
_CLUSTER = re.compile(f"([{_BASE}])((?:{COENG}[\u1780-\u17b3]|[\u17b6-\u17d3\u17dd])+)")
_PART = re.compile(f"{COENG}[\u1780-\u17b3]|.", re.DOTALL)

# What no text needs and what hides in text: zero-width marks, invisible vowels, bidirectional overrides, soft
# hyphen, control characters except tab and line feed, private and unassigned markers used for spoofing.
_UNSEEN = re.compile(
    "[\u200b-\u200f\u2060-\u2064\u202a-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb\u00ad\u034f\u17b4\u17b5"
    "\x01-\x08\x0b-\x1f\x7f-\x9f]"
)
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
# Vowels typed in two strokes, and letters that Unicode gives up, each written the one right way.
_SPLIT = (
    ("\u17c1\u17b8", "\u17be"),
    ("\u17c1\u17b6", "\u17c4"),
)
_OLD = str.maketrans({"\u17a3": "\u17a2", "\u17a4": "\u17a2\u17b6", "\u17a8": "\u17a7\u1780"})


def _rank(part: str) -> int:
    """Where a part of a syllable stands after its base."""
    if part == "\u17cc":  # robat
        return 0
    if part[0] == COENG:
        if len(part) == 1:  # a subscript sign without its consonant: kept, last
            return 99
        return 2 if part[1] == "\u179a" else 1  # subscript ro last
    if part in "\u17c9\u17ca":  # shifters
        return 3
    if part in "\u17c1\u17c2\u17c3":  # vowels before the base
        return 4
    if part in "\u17bb\u17bc\u17bd":  # below
        return 5
    if "\u17b7" <= part <= "\u17ba" or part == "\u17be":  # above
        return 6
    if "\u17b6" <= part <= "\u17c5":
        return 7
    return 9 if part in "\u17c7\u17c8" else 8  # reahmuk and yuukaleapintu end a syllable


def _ordered(match: re.Match[str]) -> str:
    parts = sorted(_PART.findall(match[2]), key=_rank)
    kept = [
        part for index, part in enumerate(parts) if index == 0 or part != parts[index - 1] or len(part) > 1
    ]
    tail = "".join(kept)
    for split, whole in _SPLIT:
        tail = tail.replace(split, whole)
    return match[1] + tail


def normalise(text: str) -> str:
    """The one way to write ``text``: NFC, Khmer syllables in order, no invisible or control characters.

    Line feeds and tabs stay; other line ends become line feeds; no-break and typographic spaces become spaces;
    spaces at both ends go. Applying it twice changes nothing. Raises ValueError for a NUL, which is an attack or
    a broken file and never text.
    """
    if "\x00" in text:
        raise ValueError("The text contains a NUL character.")
    if text.isascii() and text.isprintable():
        return text.strip()
    for _ in range(8):  # removing one mark may bring two others together
        before = text
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
        text = text.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair is no character
        text = _SPACES.sub(" ", _UNSEEN.sub("", text)).translate(_OLD)
        text = _CLUSTER.sub(_ordered, unicodedata.normalize("NFC", text)).strip()
        if text == before:
            break
    return text


# --- the search skeleton ---------------------------------------------------------------------------------------

_KHMER_DIGITS = str.maketrans("០១២៣៤៥៦៧៨៩", "0123456789")
_KHMER_LEVEL = re.compile(
    "(?<![\u1780-\u17d3])(?:រាជធានី|ខេត្ត|ខេត្ដ|ស្រុក|ខណ្ឌ|ក្រុង|សង្កាត់|ឃុំ|ភូមិ)(?=[\u1780-\u17b3 ]|[0-9])(?!\u1793\u17d2)"
)
_KHMER_NUMBERS = {
    "សូន្យ": 0,
    "មួយ": 1,
    "ពីរ": 2,
    "បី": 3,
    "បួន": 4,
    "ប្រាំ": 5,
    "ប្រាំមួយ": 6,
    "ប្រាំពីរ": 7,
    "ប្រាំបី": 8,
    "ប្រាំបួន": 9,
    "ដប់": 10,
}
_KHMER_NUMBERS |= {"ដប់" + word: 10 + value for word, value in list(_KHMER_NUMBERS.items())[1:10]}
_KHMER_NUMBERS |= {"ម្ភៃ": 20, "សាមសិប": 30}
_KHMER_NUMBER = re.compile(
    "(ទី *| )?(" + "|".join(sorted(_KHMER_NUMBERS, key=len, reverse=True)) + ")(?![\u1780-\u17d3])"
)
_SURE = {"មួយ", "បួន"}  # read as a number also where neither ទី nor a space stands before it
_KHMER_SPELLINGS = (
    ("អោយ", "ឱយ"),
    ("ឲ", "ឱ"),
    ("ឱ្យ", "ឱយ"),
    ("\u17d2ដ", "\u17d2ត"),
    ("ម\u17d2", "\u17c6"),  # សម្រោង, សំរោង
    ("ណ", "ន"),
    ("ឡ", "ល"),
    ("ឫ", "រ\u17b9"),
    ("ឬ", "រ\u17ba"),
    ("ឭ", "ល\u17b9"),
    ("ឮ", "ល\u17ba"),
    ("ឥ", "អ\u17b7"),
    ("ឦ", "អ\u17b8"),
    ("ឧ", "អ\u17bb"),
    ("ឩ", "អ\u17bc"),
    ("ឯ", "អ\u17c2"),
    ("ឰ", "អ\u17c3"),
    ("\u17b9", "\u17b7"),
    ("\u17ba", "\u17b8"),
)
_KHMER_SILENT = re.compile("[\u17c9-\u17d1\u17d3\u17dd\u17d4-\u17dc]")

_LATIN_LEVEL = frozenset(
    [
        "sangkat",
        "khum",
        "khom",
        "khan",
        "srok",
        "krong",
        "phum",
        "phoum",
        "khet",
        "khaet",
        "commune",
        "communes",
        "village",
        "district",
        "province",
        "capital",
        "municipality",
        "reach",
        "theani",
    ]
)
_ONES = {
    1: "muoy muy mouy moy muoi one",
    2: "pir pi two",
    3: "bei bey three",
    4: "buon boun buan buong four",
    5: "pram five",
    6: "prammuoy prammuy pramuoy pramuy six",
    7: "prampir prampi prampil prampel pramphir seven",
    8: "prambei prambey pramphey eight",
    9: "prambuon pramboun prambuan nine",
}
_LATIN_NUMBERS = {word: value for value, words in _ONES.items() for word in words.split()}
_LATIN_NUMBERS |= {
    ten + word: 10 + value
    for ten in ("dab", "dap", "dop", "dob")
    for word, value in list(_LATIN_NUMBERS.items())
}
_LATIN_NUMBERS |= dict.fromkeys(("dab", "dap", "dop", "dob", "ten"), 10)
_LATIN_NUMBERS |= dict.fromkeys(("mphey", "maphey", "mophey", "mphei", "maphei"), 20)
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9}

_LATIN_STEPS = tuple(
    (re.compile(pattern), into)
    for pattern, into in (
        ("chh?|tch|j", "C"),
        ("ng(?![aeiouy])|nh|ng", "n"),
        ("([kgptdbsrlmn])h", r"\1"),
        ("[gq]", "k"),
        ("c", "k"),
        ("b|f", "p"),
        ("w", "v"),
        ("[xz]", "s"),
        ("d", "t"),
        ("[aeiouy]*[aou][ou](?=r)", "o"),
        ("(?<=[aeiou])[rh](?![aeiou])", ""),
        ("h(?![aeiou])", ""),
        ("a{2,}", "a"),
        ("[aei]*[ei]o(?![aeiou])", "ev"),
        ("a[iy]|e[iy]|i[ea]*|y[ea]*|uy", "i"),
        ("[aeo]*u*e+[ua]*|[aeo]eu?|eu|ea|e+", "e"),
        ("ao|au|ou|oa|uo|ua|oo|uu|u|o+", "o"),
        (r"(\D)\1+", r"\1"),
    )
)


def _khmer_number(match: re.Match[str]) -> str:
    if match[1] is None and match[2] not in _SURE and match.start() > 0:
        return match[0]
    return str(_KHMER_NUMBERS[match[2]])


def _khmer(text: str) -> str:
    """The fold of Khmer text; other characters pass."""
    bare = _KHMER_LEVEL.sub("", text)
    text = bare if bare.strip(" 0123456789") or any(c.isdigit() for c in bare) else text
    text = _KHMER_NUMBER.sub(_khmer_number, text)
    text = re.sub("ទី *(?=[0-9])", "", text)
    for written, fold in _KHMER_SPELLINGS:
        text = text.replace(written, fold)
    return _KHMER_SILENT.sub("", text)


def _latin_word(word: str) -> str:
    """The fold of one Latin word: romanisations of the same Khmer sound meet."""
    for pattern, into in _LATIN_STEPS:
        word = pattern.sub(into, word)
    return word.lower()


def _latin(text: str) -> str:
    """The fold of Latin text; Khmer and digits pass."""
    words = re.findall(r"[a-z]+|[0-9]+|[^a-z0-9\s]+", text)
    without = [word for word in words if word not in _LATIN_LEVEL]
    words = without or words
    # "khum ti muoy": the level word alone is the name, so what is left is the number
    out: list[str] = []
    for index, word in enumerate(words):
        following = words[index + 1] if index + 1 < len(words) else ""
        if word == "ti" and (following.isdecimal() or following in _LATIN_NUMBERS):
            continue
        if word in _LATIN_NUMBERS:
            out.append(str(_LATIN_NUMBERS[word]))
        elif word in _ROMAN and index and index == len(words) - 1:
            out.append(str(_ROMAN[word]))
        elif word.isascii() and word.isalpha():
            out.append(_latin_word(word))
        else:
            out.append(word)
    return "".join(out)


def skeleton(text: str) -> str:
    """The search key of ``text``: what remains when spelling variants, romanisation, spaces, number words and level
    words are folded. Empty for text without letters or digits. Raises ValueError for a NUL.

    >>> skeleton("tek laak 1") == skeleton("Tuek L'ak Ti Muoy") == skeleton("toek laak 1")
    True
    """
    text = normalise(text).translate(_KHMER_DIGITS)
    text = unicodedata.normalize("NFKD", text.casefold())
    text = "".join(c for c in text if not unicodedata.combining(c) or "\u1780" <= c <= "\u17ff")
    text = re.sub("['’‘`ʼ]", "", text)
    text = re.sub("[^\\w\u1780-\u17d3\u17dd]+|_", " ", text).strip()
    return _latin(_khmer(text)).replace(" ", "")


# --- the order -------------------------------------------------------------------------------------------------

_CODES = "0123456789abcdefghijklmnopqrstuvwxyz"
_CONSONANTS = "កខគឃងចឆជឈញដឋឌឍណតថទធនបផពភមយរឫឬលឭឮវឝឞសហឡអ"
_VOWELS = [
    "ា",
    "ិ",
    "ី",
    "ឹ",
    "ឺ",
    "ុ",
    "ូ",
    "ួ",
    "ើ",
    "ឿ",
    "ៀ",
    "េ",
    "ែ",
    "ៃ",
    "ោ",
    "ៅ",
    "ុំ",
    "ំ",
    "ាំ",
    "ះ",
    "ិះ",
    "ុះ",
    "េះ",
    "ោះ",
]
# An independent vowel stands where អ with its vowel stands.
_INDEPENDENT = {
    "ឥ": "ិ",
    "ឦ": "ី",
    "ឧ": "ុ",
    "ឩ": "ូ",
    "ឪ": "ូវ",
    "ឯ": "ែ",
    "ឰ": "ៃ",
    "ឱ": "ោ",
    "ឲ": "ោ",
    "ឳ": "ៅ",
}
_INDEPENDENT_AS = str.maketrans({letter: "អ" + vowel for letter, vowel in _INDEPENDENT.items()})
_WEIGHTS = (
    {letter: "2" + _CODES[index] for index, letter in enumerate(_CONSONANTS[:36])}
    | {letter: "3" + _CODES[index] for index, letter in enumerate(_CONSONANTS[36:])}
    | {vowel: "4" + _CODES[index] for index, vowel in enumerate(_VOWELS)}
    | {COENG: "50"}
    | {letter: "9" + letter for letter in "abcdefghijklmnopqrstuvwxyz"}
)
_ELEMENT = re.compile("[0-9]+|[\u17b7\u17bb\u17c1\u17c4]\u17c7|[\u17b6\u17bb]\u17c6|.", re.DOTALL)
_SECOND = {mark: _CODES[index + 1] for index, mark in enumerate("៏ៈ់៉៊៌៍៎័៑៝")}


def sort_key(text: str) -> str:
    """A key whose plain order is the Khmer order of ``text``: numbers by value, then Khmer, then Latin letters.

    Only the characters 0-9 and a-z, so that every database collation orders it alike: two an element (letters of
    both scripts, vowels, the subscript sign; a consonant comes before a vowel and a vowel before a subscript, as
    in the collation of CLDR's locale ``km``), numbers with their length before them, then ``00`` and the signs
    that only break ties. Raises ValueError for a NUL.
    """
    text = unicodedata.normalize("NFKD", normalise(text).translate(_KHMER_DIGITS).casefold())
    text = text.translate(_INDEPENDENT_AS)
    first: list[str] = []
    second: list[str] = []
    for element in _ELEMENT.findall(text):
        if element.isascii() and element.isdigit():
            number = element.lstrip("0") or "0"
            first.append(f"0{_CODES[min(len(number), 35)]}{number}")
        elif element in _WEIGHTS:
            first.append(_WEIGHTS[element])
        elif element in _SECOND:
            second.append(_CODES[min(len(first), 35)] + _SECOND[element])
    return "".join(first) + "00" + "".join(second)
