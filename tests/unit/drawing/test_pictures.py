"""All pictures: what they are called, that they do no harm, and that they stay as they are."""

from __future__ import annotations

import os
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from counterfoil.drawing import (
    STYLE,
    GraphNode,
    Mark,
    Stop,
    anchor_timing,
    contributions,
    energy_bars,
    journey_map,
    journey_times,
    line_with_band,
    lineage_graph,
    proof_path,
    sparkline,
    temperatures,
    timeline,
)
from tests.drawings import DRAWINGS, WORDS, drawings

KEPT = Path(__file__).parent / "pictures"
MADE_OF = {"svg", "title", "desc", "g", "a", "path", "rect", "circle", "text"}
MAY_HAVE = {
    "class", "viewBox", "role", "width", "height", "x", "y", "cx", "cy", "r", "d", "text-anchor",
    "href", "aria-label",
}  # fmt: skip
HOSTILE = "<img src=x onerror=alert(1)>\"'></title><script>alert(2)</script>&amp;\u202e"


def parsed(picture: str) -> ElementTree.Element:
    return ElementTree.fromstring(picture)  # noqa: S314  # our own text


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_picture_stays_as_it_is(name: str) -> None:
    """The same numbers are the same picture; COUNTERFOIL_KEEP_PICTURES=1 keeps a new one."""
    file, made = KEPT / f"{name}.svg", drawings()[name]
    if os.environ.get("COUNTERFOIL_KEEP_PICTURES"):
        file.write_text(made + "\n", encoding="utf-8")
    assert file.read_text(encoding="utf-8") == made + "\n"


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_picture_says_what_it_shows(name: str) -> None:
    """It has a name and the same in words; it is an image, or a group where it holds links."""
    root = parsed(drawings()[name])
    assert [child.tag for child in root][:2] == ["title", "desc"]
    assert (root[0].text, root[1].text) != ("", "")
    links = list(root.iter("a"))
    assert root.get("role") == ("group" if links else "img")
    assert all(link.get("aria-label") or list(link.iter("text")) for link in links)
    assert (root.get("class") or "").startswith("drawing")


@pytest.mark.parametrize("name", DRAWINGS)
def test_words_do_no_harm(name: str) -> None:
    """Whatever words come in stand as text: no element, attribute or script comes of them."""
    root = parsed(drawings(HOSTILE)[name])
    for one in root.iter():
        assert one.tag in MADE_OF
        assert set(one.attrib) <= MAY_HAVE
        assert not any("alert(" in value for key, value in one.items() if key != "aria-label")
    if name not in ("proof", "broken"):
        assert any(HOSTILE in (one.text or "") for one in root.iter())
        assert "<img" not in drawings(HOSTILE)[name]


@pytest.mark.parametrize("name", DRAWINGS)
def test_looks_are_classes_of_the_style(name: str) -> None:
    """Each class is one that the style explains; no style attribute is for a policy to stop."""
    known = set(re.findall(r"\.([a-z]+)", STYLE)) | {"mono", "node", "here", "aside"}
    used = {word for found in re.findall(r'class="([^"]*)"', drawings()[name])
            for word in found.split()}  # fmt: skip
    assert used <= known
    assert "style=" not in drawings()[name]


@pytest.mark.parametrize(
    "href",
    ["javascript:alert(1)", "//evil.example/x", "https://evil.example", "/\\evil.example",
     "/\t/evil.example", "data:,x", " /x", "records/5"],
)  # fmt: skip
def test_a_link_stays_on_this_site(href: str) -> None:
    """An address that is no path of this site is no link; the mark stays."""
    picture = timeline("t", [Mark(1e9, 1, "x", href=href)])
    assert "<a" not in picture
    assert "<circle" in picture
    graph = lineage_graph("t", [GraphNode("a", "x", href=href)], [], "a")
    assert "<a" not in graph
    assert '<a href="/x"' in timeline("t", [Mark(1e9, 1, "x", href="/x")])


def test_nothing_to_show() -> None:
    """Pictures of nothing are pictures that say so, and no error."""
    empty = [
        line_with_band("load", []),
        sparkline("rate", []),
        timeline("risk", []),
        anchor_timing("fees", [], []),
        contributions("why", {}),
        energy_bars("energy", []),
        lineage_graph("lineage", [GraphNode("a", "record")], [], "a"),
        proof_path(0, 1, []),
    ]
    for picture in empty:
        root = parsed(picture)
        assert root[0].tag == "title"
        assert "nan" not in picture.lower()


def test_a_journey_without_places_is_not_drawn_on_a_map() -> None:
    """Fewer than two known places are no map, no stop is no picture; nothing is guessed."""
    here = Stop("here", 1e9, 1e9 + 60, at=(50.0, 7.0))
    there = Stop("there", 1e9 + 90, 1e9 + 99)
    assert journey_map("way", [here, there, here]) == ""
    assert "<svg" in journey_times("way", [here, there])
    assert (journey_times("way", []), temperatures("warmth", [])) == ("", "")


def test_a_journey_over_the_date_line_is_short() -> None:
    """Two places a few degrees apart on both sides of the date line are near on the map."""
    picture = journey_map(
        "way",
        [Stop("Suva", 1e9, 1e9, at=(-18.1, 178.4)), Stop("Apia", 1e9, 1e9, at=(-13.8, -171.8))],
    )
    named = set(re.findall(r">(\d+)° [EW]<", picture))
    assert named & {"176", "178", "180"}
    assert not named & {"0", "30", "45", "90"}


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), -float("inf"), -1.0, 1e300, -1e300])
def test_odd_numbers_draw_nothing_odd(odd: float) -> None:
    """A number that is none, or beyond all measure, leaves a picture that can be drawn."""
    pictures = [
        line_with_band("load", [(1e9, 1.0), (1e9 + 60, odd)], [(1e9, 0.0, odd, 2.0)]),
        sparkline("rate", [1.0, odd, 2.0]),
        timeline("risk", [Mark(1e9, 0.5, WORDS), Mark(1e9 + 5, odd, WORDS)]),
        timeline("risk", [Mark(odd, 0.5, WORDS, lane="a")]),
        anchor_timing("fees", [(1e9, odd), (1e9 + 9, 1.0)], []),
        contributions("why", {"a": odd, "b": 1.0}),
        energy_bars("energy", [("a", odd, True)]),
        temperatures("warmth", [(1e9, 1.0, ""), (1e9 + 9, odd, ""), (odd, 2.0, "")]),
        journey_times("way", [Stop("a", 1e9, 1e9 + 9), Stop("b", odd, odd)]),
        journey_map("way", [Stop(f"{n}", 1e9, 1e9, at=(n, n)) for n in (1, 2)]
                    + [Stop("b", 1e9, 1e9, at=(odd, 1.0))]),
    ]  # fmt: skip
    for picture in pictures:
        parsed(picture)
        numbers = re.findall(r' (?:d|x|y|r|cx|cy|width|height)="([^"]*)"', picture)
        assert not any("nan" in one or "inf" in one for one in numbers)
