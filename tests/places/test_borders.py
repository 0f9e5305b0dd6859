"""Are borders drawn so that neighbours meet and inner borders vanish when shapes are joined?"""

from sala.installation import packs
from sala.places import borders, gazetteer


def test_joined_squares_lose_their_common_side() -> None:
    left, right = "M0 0l0 2 2 0 0-2z", "M2 0l0 2 2 0 0-2z"
    outline = borders.points_of(borders.joined([left, right], 0))
    assert len(outline) == 1
    assert {(0.0, 0.0), (0.0, 2.0), (2.0, 2.0), (4.0, 2.0), (4.0, 0.0), (2.0, 0.0)} == set(outline[0])


def test_paths_read_back() -> None:
    assert borders.points_of("M1.5 2l-.5 1 1.25-3z") == [[(1.5, 2.0), (1.0, 3.0), (2.25, 0.0)]]
    assert borders.points_of("") == []


def test_the_packs_borders() -> None:
    shapes, projection = borders.read(packs.path("kh") / "boundaries", 2014)
    assert 830 < projection.height < 850
    assert len({shape.unit for shape in shapes}) == len(shapes) == 1631
    known = gazetteer.read(packs.path("kh")).lines
    for shape in shapes:
        assert shape.unit in known and shape.path and shape.fine
        left, top, right, bottom = shape.box
        assert 0 <= left < right <= borders.WIDTH and 0 <= top < bottom <= projection.height + 0.01
