"""Is an expression read as it is written, and refused at its first wrong sign?"""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sala.measures.sums import expressions
from sala.measures.sums.expressions import Binary, Name, Number, WrongError, parse


def shape(node):
    """The tree as nested texts."""
    match node:
        case Number(value=value):
            return str(value)
        case Name(code=code):
            return code
        case Binary(sign=sign, left=left, right=right):
            return f"({shape(left)} {sign} {shape(right)})"
    return f"{type(node).__name__}({', '.join(map(shape, expressions.inner(node)))})"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + b * c - d", "((a + (b * c)) - d)"),
        ("(a + b) / .5", "((a + b) / 0.5)"),
        ("a - b - c", "((a - b) - c)"),
        ("a + 1 >= b * 2", "((a + 1) >= (b * 2))"),
        ("--a", "a"),
        ("-a * b", "((-1 * a) * b)"),
        ('window.on_time + "a-b" + ឃុំ_ស្រី', "((window.on_time + a-b) + ឃុំ_ស្រី)"),
        ("if(a, b, if(c, d, 0))", "If(a, b, If(c, d, 0))"),
        ('aggregate(per_place(a), "p90")', "Aggregate(PerPlace(a))"),
        ("offset(year_to_date(where(a, 'x=1')), '+2 years')", "Offset(YearToDate(Where(a)))"),
    ],
)
def test_reading(text, expected):
    assert shape(parse(text)) == expected


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("", 1, "found the end"),
        ("a +", 4, "found the end"),
        ("a b", 3, '"b" does not belong here'),
        ("(a", 3, 'expected ")"'),
        ("a $ b", 3, '"$" can\'t be read'),
        ("a < b < c", 7, "two things at a time"),
        ("sum(a)", 1, '"sum" is no function'),
        ("if(a, b)", 8, 'expected ","'),
        ("where(a, sex)", 10, "a text in quotes"),
        ("where(a, 'sex')", 10, "a dimension and its value"),
        ("offset(a, '-1 week')", 11, "months, quarters or years"),
        ("aggregate(a, 'p100')", 14, "is no aggregation"),
        ("aggregate(a, 'sum_over_time_then_mean')", 14, "is no aggregation"),
        ("per_place()", 11, "expected a measure"),
        ("(" * 100 + "a", 61, "more than 60 parentheses"),
        ("a" * 10_001, 10_001, "at most 10000 characters"),
    ],
)
def test_refusing(text, position, said):
    with pytest.raises(WrongError, match=said.replace('"', ".").replace("$", ".").replace(")", ".")) as wrong:
        parse(text)
    assert wrong.value.position == position


@pytest.mark.parametrize(
    ("name", "expected"),
    [("last", ("last", "sum")), ("p7", ("p7", "p7")), ("last_over_time_then_max", ("last", "max"))],
)
def test_aggregations(name, expected):
    assert expressions.aggregation(name) == expected


@given(st.text(alphabet="ab1.+-*/()<>=,\"' ឃ", max_size=30))
def test_any_text_is_read_or_refused_at_a_position_in_it(text):
    try:
        parse(text)
    except WrongError as wrong:
        assert 1 <= wrong.position <= len(text) + 1


@given(st.recursive(st.sampled_from(["a", "2", "b.c"]), lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner), max_leaves=12))  # fmt: skip
def test_what_is_written_with_parentheses_is_read_so(text):
    assert shape(parse(text)) == text


def test_a_number_is_exact():
    assert parse("0.1") == Number(1, Decimal("0.1"))
