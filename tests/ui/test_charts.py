"""Are charts and maps well-formed, readable and true to their figures?"""

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sala.kit.khmer import percent
from sala.ui import charts

SVG = "{http://www.w3.org/2000/svg}"
CSS = (charts.__file__.rsplit("/", 1)[0]) + "/static/ui/sala.css"


def _km(value: float) -> str:
    return percent(value, "km")


def _tree(markup: str) -> ElementTree.Element:
    assert "style=" not in markup
    assert "<script" not in markup
    return ElementTree.fromstring(f"<div>{markup}</div>")


def _drawn(markup: str, kind: str = "wide") -> ElementTree.Element:
    """The picture for a desk or the one for a phone."""
    return next(node for node in _tree(markup).iter("svg") if kind in (node.get("class") or "").split())


def _texts(tree: ElementTree.Element) -> list[str]:
    return ["".join(node.itertext()) for node in tree.iter("text")]


def test_line_chart_labels_gaps_and_goal() -> None:
    chart = charts.line_chart(
        ["មករា", "កុម្ភៈ", "មីនា"],
        [charts.Series("a", [0.8, None, 0.93])],
        _km,
        goal=0.9,
        goal_label="ទិសដៅ",
        at_most=1,
    )
    tree = _drawn(chart)
    texts = _texts(tree)
    assert {"មករា", "កុម្ភៈ", "មីនា", "៩៣%", "ទិសដៅ ៩០%"} <= set(texts)
    lines = [p.get("d", "") for p in tree.iter("path") if "ln" in (p.get("class") or "").split()]
    assert lines[0].count("M") == 2  # the gap is not drawn over
    assert len([p for p in tree.iter("path") if p.get("class") == "goal"]) == 1
    assert not any("១០៥" in text for text in texts)  # a share never passes 100 %


def test_line_chart_of_several_lines_names_each_without_overlap() -> None:
    series = [charts.Series(name, [0.5, 0.5 + n / 1000]) for n, name in enumerate("abcd")]
    tree = _drawn(charts.line_chart(["1", "2"], series, _km))
    ends = [node for node in tree.iter("text") if "end" in (node.get("class") or "").split()]
    heights = sorted(float(node.get("y", "0")) for node in ends)
    assert len(heights) == 4
    assert all(b - a >= 16.9 for a, b in pairwise(heights))
    assert [c.get("class") for c in tree.iter("circle")] == ["dot", "dot2", "dot3", "dot4"]


def test_a_phone_gets_a_chart_of_its_width() -> None:
    months = [str(n) for n in range(1, 13)]
    chart = charts.line_chart(months, [charts.Series("a", [n / 20 for n in range(12)])], _km)
    tree = _drawn(chart, "small")
    assert float((tree.get("viewBox") or "").split()[2]) <= 290
    below = [text.text for text in tree.iter("text") if text.get("y") == "222"]
    assert below == ["3", "6", "9", "12"]
    assert "៥៥%" in _texts(tree)


def test_line_chart_refuses_what_it_cannot_draw() -> None:
    with pytest.raises(ValueError, match="up to four"):
        charts.line_chart(["1"], [charts.Series(str(n), [1]) for n in range(5)], str)
    with pytest.raises(ValueError, match="as long as"):
        charts.line_chart(["1", "2"], [charts.Series("a", [1])], str)


@given(
    st.lists(st.one_of(st.none(), st.floats(min_value=-1e6, max_value=1e6)), min_size=1, max_size=30),
    st.one_of(st.none(), st.floats(min_value=0, max_value=1e6)),
)
def test_any_line_is_well_formed_and_stays_inside(values: list[float | None], goal: float | None) -> None:
    labels = [str(n) for n in range(len(values))]
    tree = _tree(
        charts.line_chart(labels, [charts.Series("x & <y>", values)], lambda v: f"{v:.3g}", goal=goal)
    )
    for node in tree.iter("text"):
        assert -1 <= float(node.get("y", "0")) <= 231


@given(st.lists(st.floats(min_value=-1e9, max_value=1e9), min_size=0, max_size=20))
def test_a_scale_holds_its_values_and_has_few_round_ticks(values: list[float]) -> None:
    scale = charts.scale(values)
    slack = (scale.high - scale.low) * 1e-6
    assert all(scale.low - slack <= value <= scale.high + slack for value in values)
    assert 2 <= len(scale.ticks) <= 8


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_a_scale_of_shares_ends_at_the_whole_and_places_every_share(values: list[float]) -> None:
    scale = charts.scale(values, at_most=1)
    assert scale.low < scale.high <= 1
    assert all(-0.001 <= scale.at(value, 0, 1) <= 1.001 for value in values)


def test_shares_that_are_all_whole_lie_at_the_top() -> None:
    scale = charts.scale([1.0, 1.0], at_most=1)
    assert scale.at(1.0, 33, 3) == 3 and scale.ticks[-1] <= 1


def test_bars_start_at_zero_and_no_data_is_not_zero() -> None:
    bars = [charts.Bar("ឃុំ ក", 0.5, "/a?x=1&y=2"), charts.Bar("B", None), charts.Bar("C", 0.0)]
    tree = _tree(charts.bar_chart(bars, _km, no_data="គ្មានទិន្នន័យ", at_most=1))
    assert [r.get("width") for r in tree.iter("rect") if r.get("class") == "bar1"] == ["125", "0"]
    assert {"ឃុំ ក", "៥០%", "គ្មានទិន្នន័យ", "០%"} <= set(_texts(tree))
    assert next(tree.iter("a")).get("href") == "/a?x=1&y=2"


def test_multiples_put_the_worst_first_and_the_silent_last() -> None:
    small = [
        charts.Small("good", [0.5, 0.9], "#1"),
        charts.Small("none", [None, None], "#2"),
        charts.Small("bad", [0.95, 0.4], "#3"),
    ]
    tree = _tree(charts.multiples(small, _km, goal=0.8))
    names = [(a.text or "").strip() for a in tree.iter("a")]
    assert names == ["bad", "good", "none"]
    assert [b.text for b in tree.iter("b")] == ["៤០%", "៩០%", "–"]


LIMITS = charts.Classes((0.2, 0.4, 0.6, 0.8))


@pytest.mark.parametrize(
    ("value", "level"), [(None, 0), (0.0, 1), (0.19, 1), (0.2, 2), (0.79, 4), (0.8, 5), (2.0, 5)]
)
def test_classes(value: float | None, level: int) -> None:
    assert LIMITS.of(value) == level


@given(st.lists(st.one_of(st.none(), st.floats(min_value=0, max_value=1)), max_size=200))
def test_class_limits_rise(values: list[float | None]) -> None:
    limits = charts.classes(values).limits
    assert list(limits) == sorted(limits)


def test_map_links_titles_hatch_and_highlight() -> None:
    shapes = [
        charts.Shape("010101", "M0 0h1v1z", "ឃុំ <ក>", "/km/figure?place=010101"),
        charts.Shape("010102", "M1 0h1v1z", "B", "/b"),
        charts.Shape("010103", "M2 0h1v1z", "C"),
    ]
    tree = _tree(
        charts.commune_map(
            shapes,
            {"010101": 0.9, "010103": 0.1},
            _km,
            view_box="0 0 10 10",
            bounds=LIMITS,
            label="ផែនទី",
            no_data="គ្មានទិន្នន័យ",
            borders=["M0 0h9"],
            highlighted="010102",
        )
    )
    links = {a.get("href"): next(a.iter("path")) for a in tree.iter("a")}
    assert links["/km/figure?place=010101"].get("class") == "m5"
    assert next(links["/km/figure?place=010101"].iter("title")).text == "ឃុំ <ក>: ៩០%"
    assert links["/b"].get("class") == "m0"
    assert next(links["/b"].iter("title")).text == "B: គ្មានទិន្នន័យ"
    kinds = [path.get("class") for path in tree.iter("path")]
    assert kinds.count("pv") == 1
    assert kinds.count("hit") == 1
    assert "m1" in kinds
    assert next(tree.iter("pattern")).get("id") == "hatch"
    assert next(tree.iter("svg")).get("role") == "group"


def test_legend_names_five_classes_and_no_data() -> None:
    tree = _tree(charts.legend(LIMITS, _km, under="ក្រោម %s", over="ចាប់ពី %s", no_data="គ្មានទិន្នន័យ"))
    items = ["".join(li.itertext()) for li in tree.iter("li")]
    assert items == ["ក្រោម ២០%", "២០% – ៤០%", "៤០% – ៦០%", "៦០% – ៨០%", "ចាប់ពី ៨០%", "គ្មានទិន្នន័យ"]
    assert [p.get("class") for p in tree.iter("path")] == ["m1", "m2", "m3", "m4", "m5", "m0"]


def test_share_bar_stays_within() -> None:
    for share, width in ((0.5, "50.0"), (1.7, "100.0"), (-1, "0.0"), (None, "0.0")):
        tree = _tree(charts.share_bar(share))
        assert [r.get("width") for r in tree.iter("rect")] == ["100", width]


def test_figures_table_escapes_and_aligns() -> None:
    tree = _tree(charts.figures_table("a & b", ["<x>"], [("r", ["1"])], number="n"))
    assert next(tree.iter("caption")).text == "a & b"
    assert [th.get("class") for th in tree.iter("th")] == [None, "n", None]


def test_no_text_of_a_chart_is_under_12_px() -> None:
    with open(CSS, encoding="utf-8") as file:
        css = file.read()
    sizes = [
        float(size)
        for rule in re.findall(r"\.chart[^{}]*\{[^}]*\}", css)
        for size in re.findall(r"font-size:([\d.]+)px", rule)
    ]
    assert sizes
    assert min(sizes) >= 12


def test_multiples_write_the_figure_of_the_period_and_share_one_scale() -> None:
    small = [
        charts.Small("falls", [0.9, 0.4], "#1", 0.7),
        charts.Small("rises", [0.4, 0.9], "#2", 0.6),
        charts.Small("silent", [0.5, 0.5], "#3", None),
    ]
    tree = _tree(charts.multiples(small, _km, at_most=1))
    assert [(a.text or "").strip() for a in tree.iter("a")] == ["rises", "falls", "silent"]
    assert [b.text for b in tree.iter("b")] == ["៦០%", "៧០%", "–"]
    drawn = [path.get("d") for path in tree.iter("path")]
    heights = [[float(part.split()[1]) for part in d[1:].split("L")] for d in drawn]
    assert heights[0] == heights[1][::-1]  # the same values stand at the same height in every chart
    axis = charts.shared_scale(small, at_most=1)
    assert (axis.low, axis.high) == (0.4, 1)


@pytest.mark.parametrize(
    ("view_box", "fine"), [("0 0 1000 840", 1.0), ("500 600 60 20", 0.06), ("1 1 10 84", 0.1)]
)
def test_the_hatch_is_as_fine_at_every_zoom(view_box: str, fine: float) -> None:
    tree = _tree(
        charts.commune_map(
            [charts.Shape("1", "M0 0h1v1z", "A")],
            {},
            _km,
            view_box=view_box,
            bounds=LIMITS,
            label="map",
            no_data="-",
        )
    )
    turned = next(tree.iter("pattern")).get("patternTransform")
    assert turned == f"rotate(45) scale({fine:.4g})"


def test_borders_with_an_address_open_and_tell_their_figure() -> None:
    tree = _tree(
        charts.commune_map(
            [charts.Shape("010101", "M0 0h1v1z", "A")],
            {"01": 0.5},
            _km,
            view_box="0 0 10 10",
            bounds=LIMITS,
            label="map",
            no_data="none",
            borders=[
                charts.Shape("01", "M0 0h9", "Kep", "/kep"),
                charts.Shape("02", "M0 0h8", "Pailin", "/p"),
            ],
        )
    )
    said = {a.get("href"): next(a.iter("title")).text for a in tree.iter("a")}
    assert said == {"/kep": "Kep: ៥០%", "/p": "Pailin: none"}
    assert next(tree.iter("svg")).get("role") == "group"


def test_the_key_draws_its_own_hatch() -> None:
    tree = _tree(charts.legend(LIMITS, _km, under="%s", over="%s", no_data="none"))
    assert len(list(list(tree.iter("li"))[-1].iter("line"))) == 4
