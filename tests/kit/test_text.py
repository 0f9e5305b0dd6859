"""Is every text written one way, found whatever its spelling, and put into Khmer order?"""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sala.kit.text import COENG, normalise, skeleton, sort_key

KHMER = st.text(
    st.one_of(
        st.characters(min_codepoint=0x1780, max_codepoint=0x17DD),
        st.sampled_from("\u200b\u200d\u200c \u00a0\u00e9e\u0301a1១\n\r\t\u202e\u2028\ufeff\u25cc"),
    ),
    max_size=24,
)
ANY = st.one_of(KHMER, st.text(max_size=24)).filter(lambda text: "\x00" not in text)

LOOK_ALIKES = [
    ("ស្រ្តី", "ស្ត្រី"),  # subscript ro last
    ("មន្រ្តី", "មន្ត្រី"),
    ("ប៉ី", "បី៉"),  # shifter before vowel
    ("ស៊ើ", "សើ៊"),
    ("កើ", "កេី"),  # a vowel typed in two strokes
    ("កោ", "កេា"),
    ("ភូមិ", "ភ\u200bូមិ"),
    ("កុំ", "កំុ"),
    ("ខ្មែរ", "ខែ្មរ"),
    ("ធម៌", "ធម\u200c៌"),
    ("អារ", "ឤរ"),
    ("e\u0301", "\u00e9"),
]


@pytest.mark.parametrize(("first", "second"), LOOK_ALIKES)
def test_what_looks_alike_is_written_alike(first: str, second: str) -> None:
    assert normalise(first) == normalise(second)


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("  ភូមិ\u00a0ថ្មី ", "ភូមិ ថ្មី"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\x07b\x1b\x7f", "ab"),
        ("safe\u202egpj.exe", "safegpj.exe"),
        ("\ud800x", "?x"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_invisible_and_control_characters_go(typed: str, written: str) -> None:
    assert normalise(typed) == written


def test_a_nul_is_refused() -> None:
    for reader in (normalise, skeleton, sort_key):
        with pytest.raises(ValueError, match="NUL"):
            reader("a\x00b")


@given(ANY)
@example("ក\u0301" + COENG)
@example(COENG + "\u17dd" + COENG)
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(ANY)
def test_the_skeleton_is_that_of_the_normalised_text(text: str) -> None:
    assert skeleton(normalise(text)) == skeleton(text)


@given(ANY)
def test_sort_keys_hold_only_what_every_collation_orders_alike(text: str) -> None:
    assert set(sort_key(text)) <= set("0123456789abcdefghijklmnopqrstuvwxyz")
    assert sort_key(normalise(text)) == sort_key(text)


@pytest.mark.parametrize(
    "spellings",
    [
        [
            "tek laak 1",
            "Tuek L'ak Ti Muoy",
            "toek laak 1",
            "TEUK LAAK MUOY",
            "Tuek L’ak ១",
            "sangkat Tuek Lak 1",
        ],
        ["ទឹកល្អក់ទី ១", "សង្កាត់ទឹកល្អក់ទី១", "ទឹកល្អក់ទីមួយ", "ទឹកល្អក់ ១", "ទឹក\u200bល្អក់ទី1"],
        ["Phnom Penh", "Phnum Pénh", "phnum penh"],
        ["Koh Kong", "Kaoh Kong", "khaet Koh Kong"],
        ["Siem Reap", "Siemreap", "Siem Reab"],
        ["Toul Kork", "Tuol Kouk", "Khan Tuol Kok"],
        ["Mean Chey", "Meanchey"],
        ["Boeung Keng Kang I", "Boeng Keng Kang Ti Muoy", "Boeng Keng Kang 1"],
        ["កណ្ដាល", "កណ្តាល"],
        ["សម្រោង", "សំរោង"],
        ["ឱ្យ", "ឲ្យ", "អោយ"],
        ["ចំណុច", "ចំនុច"],
        ["Dabprammuoy", "16", "dap pram muoy"[:0] + "dabprammuy"],
    ],
)
def test_spellings_of_one_name_meet(spellings: list[str]) -> None:
    assert len({skeleton(one) for one in spellings}) == 1, [skeleton(one) for one in spellings]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ti Muoy", "Ti Pir"),
        ("ទី១", "ទី២"),
        ("ភូមិ", ""),
        ("ខេមរភូមិន្ទ", "ខេមរ"),
        ("Kandal", "Kampot"),
        ("ត្រពាំងបី", "ត្រពាំង"),
    ],
)
def test_different_names_stay_apart(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


def test_a_name_that_is_a_level_word_keeps_it() -> None:
    assert skeleton("ភូមិ") and skeleton("Phum")
    assert skeleton("Phum Ti Bei") == skeleton("ភូមិទី៣") == "3"


# The order of ICU's locale km (PostgreSQL's "km-x-icu", ICU 72), and the vector of the project's notes on Khmer.
ICU = (
    "១ ក ក៏ កៈ ក់ ក៉ កក កា កិ កិំ កី កឹ កឺ កុ កូ កូំ កួ កើ កើះ កឿ កៀ កេ កែ កែះ កៃ កោ កៅ កៅះ កុំ កំ កាំ កះ កិះ កុះ កេះ កោះ ក្រ ខ "
    "រ រក រឹ រឺ ឫ ឬ ល លឺ ឭ ឮ ឡ អ អក អា ឥ ឦ ឧ អុក ឧក ឩ ឪ អឿ ឯ ឰ ឱ ឳ អ្ក a"
)
VECTOR = "ក ក៏ កក កង កា កិ កី កុ កូ កួ កើ កៀ កេ កែ កៃ កោ កៅ កុំ កំ កះ ក្រ ខ ហ ឡ អ អិ ឥដ្ឋ ឧត្តម ឯក"
PROVINCES = "កណ្តាល កែប កំពង់ចាម កំពង់ឆ្នាំង កំពង់ធំ កំពង់ស្ពឺ កំពត កោះកុង ក្រចេះ តាកែវ ត្បូងឃ្មុំ បន្ទាយមានជ័យ"
NUMBERS = "ទី១ ទី២ ទី១០ ទី១១ ទី១០០"


@pytest.mark.parametrize("order", [ICU, VECTOR, PROVINCES, NUMBERS])
def test_khmer_order(order: str) -> None:
    words = order.split()
    assert sorted(words, key=sort_key) == words


def test_numbers_go_by_value_and_spaces_do_not_count() -> None:
    assert sort_key("ភូមិ ៩") < sort_key("ភូមិ១០") < sort_key("ភូមិ ៧៦")
    assert sort_key("ភូមិ ១") == sort_key("ភូមិ១")
    assert sort_key("007") == sort_key("7")
