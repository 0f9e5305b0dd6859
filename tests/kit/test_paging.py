"""One reading of a list's address for page, API and export: hostile and strange parameters get their sentence."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Q
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from sala.kit import paging
from sala.kit.errors import Invalid
from sala.kit.paging import Listing, ListSpec, Sort
from sala.kit.terms import Term
from sala.numbers.models import Counter

ZONE = ZoneInfo("Asia/Phnom_Penh")


class State(Term):
    OPEN = "open", "Open"
    DONE = "done", "Done"


SPEC = ListSpec(
    filters=(
        paging.choice("state", "state", State),
        paging.place(),
        paging.day_from(),
        paging.day_to(),
        paging.text("kind", "kind", "Kind"),
        paging.uuid("office", "office_id", "Office"),
        paging.flag("late", Q(on_time=False), "Late"),
    ),
    sorts={"created": "created", "due": Sort(("due_at",), nulls_last=True), "name": ("sort_key", "-created")},
    search=lambda words: Q(text__icontains=words),
)


def read(query: str, strict: bool = False, spec: ListSpec = SPEC) -> Listing:
    return Listing.of(QueryDict(query), spec, strict=strict, path="/km/x")


def found(query: str) -> dict[str, object]:
    return dict(read(query, strict=True).filter().children)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {}),
        ("state=open", {"state": "open"}),
        ("state=open&state=done", {"state__in": ["open", "done"]}),
        ("state=open,done", {"state__in": ["open", "done"]}),
        ("place=12", {"province": "12"}),
        ("place=1204", {"district": "1204"}),
        ("place=120404", {"commune": "120404"}),
        ("place=12040401", {"village": "12040401"}),
        ("place=01020304-2", {"village": "01020304-2"}),
        ("place=១២០៤០៤", {"commune": "120404"}),
        ("from=2026-01-02", {"created__gte": datetime(2026, 1, 2, tzinfo=ZONE)}),
        ("to=2026-01-02", {"created__lt": datetime(2026, 1, 3, tzinfo=ZONE)}),
        ("to=៣/១/២០២៦", {"created__lt": datetime(2026, 1, 4, tzinfo=ZONE)}),
        ("kind=report", {"kind": "report"}),
        (f"office={UUID(int=7)}", {"office_id": UUID(int=7)}),
        ("late=1", {"on_time": False}),
        ("q=+two++words+", {"text__icontains": "two words"}),
        ("page=3&page_size=20&sort=-due", {}),
    ],
)
def test_what_an_address_means(query: str, expected: dict[str, object]):
    assert found(query) == expected


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("state=lost", "state", "unknown"),
        ("state=open,lost", "state", "unknown"),
        ("place=1", "place", "place"),
        ("place=12040401999", "place", "place"),
        ("place=%27%20OR%201=1", "place", "place"),
        ("from=2026-02-30", "from", "date"),
        ("from=yesterday", "from", "date"),
        ("from=0001-01-01", "from", "date"),
        ("to=9999-12-31", "to", "date"),
        ("from=2026-02-02&to=2026-02-01", "to", "before-from"),
        ("from=2026-02-02&from=2026-02-01", "from", "repeated"),
        ("office=7", "office", "id"),
        (f"office={'0' * 50}", "office", "id"),
        ("late=perhaps", "late", "flag"),
        ("page=0", "page", "number"),
        ("page=-1", "page", "number"),
        ("page=1e3", "page", "number"),
        ("page=100000000000000000000", "page", "number"),
        ("page=100001", "page", "number"),
        ("page=two", "page", "number"),
        ("page=1&page=2", "page", "repeated"),
        ("page_size=201", "page_size", "number"),
        ("page_size=0", "page_size", "number"),
        ("sort=secret", "sort", "unknown"),
        ("sort=--created", "sort", "unknown"),
        ("sort=created;drop", "sort", "unknown"),
        ("q=" + "x" * 201, "q", "long"),
        ("q=a%00b", "q", "control"),
        ("kind=" + "x" * 201, "kind", "long"),
    ],
)
def test_wrong_values_are_told(query: str, field: str, code: str):
    listing = read(query)
    assert (field, code) in [(error.field, error.code) for error in listing.errors]
    assert str(listing.error(field))
    assert listing.filter() == Q(pk__in=[]), (
        "a list that was not understood shows nothing rather than too much"
    )
    with pytest.raises(Invalid) as raised:
        read(query, strict=True)
    assert (field, code) in [(error.field, error.code) for error in raised.value.errors]


def test_unknown_parameters():
    with pytest.raises(Invalid) as raised:
        read("state=open&stat=open", strict=True)
    assert [(error.field, error.code) for error in raised.value.errors] == [("stat", "unknown-parameter")]
    listing = read("state=open&tab=2")
    assert not listing.errors
    assert "tab=2" in listing.link(page=2), "a page loses nothing that stands in its address"
    assert read("tab=2", strict=True, spec=ListSpec(keep=("tab",))).errors == ()


def test_a_list_that_cannot_be_searched_says_so():
    with pytest.raises(Invalid):
        read("q=x", strict=True, spec=ListSpec())


@given(
    st.text(max_size=60),
    st.sampled_from(["q", "state", "place", "from", "to", "page", "sort", "office", "x"]),
)
def test_no_text_breaks_the_reading(text: str, name: str):
    params = QueryDict(mutable=True)
    params[name] = text
    listing = Listing.of(params, SPEC)
    listing.filter()
    listing.order()
    listing.active  # noqa: B018


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("", ["-created", "-pk"]),
        ("created", ["created", "pk"]),
        ("name", ["sort_key", "-created", "pk"]),
        ("-name", ["-sort_key", "created", "-pk"]),
    ],
)
def test_orders(sort: str, expected: list[str]):
    assert read(f"sort={sort}").order() == expected


def test_empty_values_come_last_both_ways():
    for sort in ("due", "-due"):
        first = read(f"sort={sort}").order()[0]
        assert first.nulls_last
        assert first.descending == sort.startswith("-")


def test_links():
    listing = read("state=open&q=ក&page=3")
    assert listing.link(page=1) == "/km/x?q=%E1%9E%80&state=open"
    assert listing.link(state=None) == "/km/x?q=%E1%9E%80"
    assert listing.link(state=None, q=None) == "/km/x"
    assert listing.sort_link("created").endswith("sort=created&state=open")
    assert read("sort=created").sort_link("created") == "/km/x?sort=-created"
    assert read("sort=created").sort_state("created") == "ascending"
    assert read("").sort_state("created") == "descending"
    assert read("").sort_state("name") == "none"
    assert listing.export_link("csv") == "/km/x.csv?q=%E1%9E%80&state=open"
    assert [each.name for each in listing.active] == ["q", "state"]
    assert listing.active[1].without == "/km/x?q=%E1%9E%80"
    assert listing.hidden("q") == [("state", "open")]
    assert listing.typed("state") == "open"


def test_links_carry_no_markup():
    assert "<" not in read("q=%3Cscript%3E").link(page=2)


@pytest.mark.django_db
class TestPages:
    spec = ListSpec(sorts={"value": "value"}, default_sort="value", page_size=10)

    @pytest.fixture
    def rows(self):
        def make(count: int):
            Counter.objects.bulk_create(
                [
                    Counter(series="t", office=str(number), year=2026, value=number + 1)
                    for number in range(count)
                ]
            )
            return Counter.objects.filter(series="t")

        return make

    def page(self, query: str, queryset):
        return read(query, spec=self.spec).slice(queryset)

    def test_all_pages_hold_every_row_once(self, rows):
        queryset = rows(45)
        values = [
            row.value for number in range(1, 6) for row in self.page(f"page={number}", queryset).results
        ]
        assert values == list(range(1, 46))

    def test_the_frame_of_a_page(self, rows):
        page = self.page("page=2", rows(25))
        assert (page.count, page.more, page.first, page.last, page.pages) == (25, False, 11, 20, 3)
        assert page.next == "/km/x?page=3"
        assert page.previous == "/km/x"

    def test_the_last_page(self, rows):
        page = self.page("page=3", rows(25))
        assert (page.first, page.last, page.next) == (21, 25, None)

    def test_beyond_the_end(self, rows):
        page = self.page("page=9", rows(25))
        assert (list(page.results), page.count, page.first, page.next) == ([], 25, 0, None)
        assert page.previous == "/km/x?page=8"

    def test_nothing(self, rows):
        page = self.page("", rows(0))
        assert (page.count, page.more, page.first, page.last, page.pages) == (0, False, 0, 0, 1)

    @pytest.mark.parametrize(
        ("count", "told", "more"), [(1000, 1000, False), (1001, 1000, True), (1200, 1000, True)]
    )
    def test_counted_to_a_thousand(self, rows, count: int, told: int, more: bool):
        page = self.page("", rows(count))
        assert (page.count, page.more) == (told, more)

    def test_one_query_where_all_fits(self, rows, django_assert_num_queries):
        queryset = rows(5)
        with django_assert_num_queries(1):
            assert self.page("", queryset).count == 5

    def test_two_queries_otherwise(self, rows, django_assert_num_queries):
        queryset = rows(50)
        with django_assert_num_queries(2):
            assert self.page("page=2", queryset).count == 50

    def test_a_list_not_understood_is_empty(self, rows):
        assert self.page("sort=secret", rows(5)).count == 0


def test_a_list_in_memory():
    page = read("page=2", spec=ListSpec(page_size=3)).cut([1, 2, 3, 4])
    assert (list(page.results), page.count, page.next, page.previous) == ([4], 4, None, "/km/x")


def test_choices_as_pairs():
    spec = ListSpec(filters=(paging.choice("kind", "kind", [("a", "A"), ("b", "B")], "Kind", several=False),))
    assert dict(read("kind=b", spec=spec).filter().children) == {"kind": "b"}
    assert spec.filters[0].choices == (("a", "A"), ("b", "B"))


@pytest.mark.parametrize("query", ["state=", "state=a,", "page=", "page_size=", "sort=", "place=", "open="])
def test_programs_leave_nothing_empty_and_people_may(query: str):
    """A form sends its empty fields too; a program that sends one has gone wrong."""
    spec = paging.ListSpec(
        filters=(
            paging.choice("state", "state", [("a", "A")]),
            paging.place(),
            paging.flag("open", Q(open=True), "Open"),
        ),
        default_sort="created",
    )
    assert not Listing.of(QueryDict(query), spec).errors
    with pytest.raises(Invalid):
        Listing.of(QueryDict(query), spec, strict=True)
    assert not Listing.of(QueryDict("q="), replace(spec, search=lambda words: Q()), strict=True).errors
