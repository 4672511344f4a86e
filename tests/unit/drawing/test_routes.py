"""Routes on a map: in their true directions, named, and harmless whatever the names are."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from counterfoil.drawing.routes import MapRoute, MapSpot, route_map, standalone

SVG = "{http://www.w3.org/2000/svg}"
HUB = MapSpot("hub", (5.0, 52.0), "start")
SPOTS = [HUB, MapSpot("east", (6.0, 52.0)), MapSpot("north", (5.0, 53.0), "bad", "north: spoils")]


def test_a_map_keeps_directions_and_distances() -> None:
    """North is up, east is right, and a degree of longitude is shorter than one of latitude."""
    drawn = standalone(
        route_map("Routes", SPOTS, [MapRoute("van", ("hub", "east", "hub"))], degrees=True)
    )
    tree = ElementTree.fromstring(drawn)  # noqa: S314  # our own text
    (hub,) = tree.iter(f"{SVG}rect")
    dots = {one.get("class"): one for one in tree.iter(f"{SVG}circle")}
    x, y = float(hub.get("x", "")) + 6, float(hub.get("y", "")) + 6
    east = float(dots["dot"].get("cx", "")) - x
    north = y - float(dots["bad"].get("cy", ""))
    assert east > 0
    assert east / north == pytest.approx(0.609, abs=0.01)  # cos 52.5 degrees
    assert float(dots["dot"].get("cy", "")) == pytest.approx(y, abs=0.1)


def test_a_map_says_what_it_shows() -> None:
    """Its words count routes, places, and what nobody serves; each vehicle has a line below."""
    routes = [MapRoute(f"van {at}", ("hub", "east"), f"van {at}: 1 stop") for at in range(60)]
    drawn = route_map("Morning", SPOTS, routes)
    assert "60 routes over 3 places, 1 of which nobody serves." in drawn
    assert "van 39: 1 stop</text>" in drawn
    assert "and 20 more</text>" in drawn
    assert "<title>north: spoils</title>" in drawn


def test_names_do_no_harm() -> None:
    """Names from anybody stay text, and a picture of nothing is a picture."""
    evil = '"><script>alert(1)</script>'
    drawn = route_map(
        evil, [MapSpot(evil, (0, 0), "dot", evil)], [MapRoute(evil, (evil, "gone"), evil)]
    )
    assert "<script" not in standalone(drawn)
    ElementTree.fromstring(standalone(route_map("", [], [])))  # noqa: S314  # our own text


def test_a_file_of_its_own_explains_its_looks() -> None:
    """Each class of a way has a style in the file, so that a browser shows it as it is meant."""
    routes = [MapRoute(f"van {at}", ("hub", "east")) for at in range(25)]
    drawn = standalone(route_map("Routes", SPOTS, routes))
    used = set(re.findall(r'class="way (w\d+)"', drawn))
    assert len(used) == 20
    assert all(f".way.{one}{{" in drawn for one in used)
