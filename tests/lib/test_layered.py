"""The drawing of layered graphs: boxes apart, few crossings, nothing outside."""

from itertools import combinations

from mlregistry.lib.layered import BOX_HEIGHT, BOX_WIDTH, arranged, crossings, draw


def test_crossed_lines_are_uncrossed() -> None:
    layers, edges = [["a", "b", "c"], ["x", "y", "z"]], [("a", "z"), ("b", "y"), ("c", "x")]
    assert crossings(layers, edges) == 3
    assert crossings(arranged(layers, edges), edges) == 0


def test_an_order_without_crossings_stays() -> None:
    layers = [["a", "b"], ["x", "y"]]
    assert arranged(layers, [("a", "x"), ("b", "y")]) == layers


def test_every_box_has_its_place_beside_the_others() -> None:
    layers = [["p"], ["d1", "d2"], [], ["r1", "r2", "r3"], ["v"]]
    edges = [("p", "d1"), ("p", "d2"), ("d1", "r3"), ("d2", "r1"), ("d2", "r2"), ("r1", "v")]
    drawing = draw(layers, edges)
    assert drawing.places.keys() == {key for layer in layers for key in layer}
    assert len(drawing.paths) == len(edges)
    for x, y in drawing.places.values():
        assert 0 <= x <= drawing.width - BOX_WIDTH
        assert 0 <= y <= drawing.height - BOX_HEIGHT
    for one, other in combinations(drawing.places.values(), 2):
        assert abs(one[0] - other[0]) >= BOX_WIDTH or abs(one[1] - other[1]) >= BOX_HEIGHT


def test_nothing_is_drawn_of_nothing() -> None:
    assert draw([[], []], []).places == {}


def test_labels_stand_on_their_lines_apart_from_each_other_and_from_the_boxes() -> None:
    layers = [["v1", "v2", "v3", "v4"], ["e1", "e2", "e3"]]
    edges = [(first, second) for first in ("v1", "v2") for second in ("e1", "e2")]
    edges += [("v2", "e3"), ("v3", "e3"), ("v4", "e3"), ("v4", "e2")]
    drawing = draw(layers, edges, dict.fromkeys(edges, "100 %") | {("v4", "e2"): ""})
    assert len(drawing.labels) == len(edges) - 1
    left, right = drawing.places["v1"][0] + BOX_WIDTH, drawing.places["e1"][0]
    assert all(left < x - 18 and x + 18 < right for _, x, _ in drawing.labels)
    for one, other in combinations(drawing.labels, 2):
        assert abs(one[1] - other[1]) >= 35 or abs(one[2] - other[2]) >= 15, (one, other)
    assert draw(layers, edges).width < drawing.width
