"""What do we call it? Enumerations whose members carry the English term; Khmer comes from the catalogues and the glossary."""

from enum import StrEnum
from typing import Self


def N_(text: str) -> str:  # noqa: N802 - the customary name, known to the message extractor
    """Mark a text for translation without translating it (rules and terms know no Django)."""
    return text


class Term(StrEnum):
    """A value with its English term: ``DONE = "done", N_("Done")``. Templates show it with the filter ``term``."""

    en: str

    def __new__(cls, value: str, en: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.en = en or value
        return member
