"""access.toml: every setting is known, and a wrong one is named."""

from __future__ import annotations

import re
import tomllib
from contextlib import closing
from pathlib import Path

import pytest

from counterfoil.access import AccessDesk, open_guard
from counterfoil.access.settings import IssuerSettings, LimitSettings, load_settings
from counterfoil.errors import InputError
from counterfoil.ledger import Ledger
from tests.shared_data import ROOT

ISSUER = '[[issuer]]\nname = "a"\nissuer = "https://a.example"\naudience = "x"\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "access.toml"


def test_without_a_file_the_defaults_hold(path: Path) -> None:
    """A ledger without access.toml knows no issuer, and has limits all the same."""
    found = load_settings(path)
    assert found.issuer == ()
    assert found.limits.limits().in_flight == 256


def test_settings_are_read(path: Path) -> None:
    """Issuers and limits are what the file says."""
    roles = '[issuer.roles]\nstaff = ["reader", "writer"]\n'
    path.write_text(f"{ISSUER}{roles}[limits]\nrequests_per_s = 2.5\nin_flight = 7\n")
    found = load_settings(path)
    assert found.issuer[0].roles == {"staff": ("reader", "writer")}
    limits = found.limits.limits()
    assert (limits.requests.per_s, limits.in_flight) == (2.5, 7)


@pytest.mark.parametrize(
    "text",
    [
        "[limit]\n",
        "[limits]\nin_flight = 0\n",
        "[limits]\nrequests_per_s = 'fast'\n",
        f"{ISSUER}algorithms = ['HS256']\n",
        f"{ISSUER}algorithms = ['none']\n",
        f"{ISSUER}algorithms = []\n",
        f"{ISSUER}[issuer.roles]\nstaff = ['king']\n",
        ISSUER.replace("https", "ftp"),
        ISSUER.replace('"a"', '"../a"'),
        ISSUER + ISSUER,
        ISSUER + ISSUER.replace('"a"', '"b"'),
        "[[issuer]]\nname = 'a'\n",
        "= 1",
        "\x00",
    ],
)
def test_wrong_settings_are_named(path: Path, text: str) -> None:
    """A setting that is unknown, out of range or unsafe is an error, and nobody is let in by it."""
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_settings(path)
    assert caught.value.code == "access.settings"


def test_the_guide_names_every_setting(path: Path) -> None:
    """What the guide shows as access.toml is good, and names all settings, with their defaults."""
    guide = (ROOT / "docs" / "guides" / "access.md").read_text(encoding="utf-8")
    issuer, limits = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
    path.write_text(issuer + limits)
    found = load_settings(path)
    assert found.limits == LimitSettings()
    (shown,) = tomllib.loads(issuer)["issuer"]
    assert set(shown) == set(IssuerSettings.__struct_fields__)
    assert set(tomllib.loads(limits)["limits"]) == set(LimitSettings.__struct_fields__)
    for name in ("leeway_s", "once", "everybody", "scopes", "sources", "name_claim"):
        default = IssuerSettings(name="a", issuer="https://a.example", audience="b")
        assert getattr(found.issuer[0], name) == getattr(default, name)


def test_the_first_operator_is_made_once(ledger: Ledger) -> None:
    """A node without an operator makes a key for one, on record; with one it makes none."""
    with closing(open_guard(ledger)) as guard:
        desk = AccessDesk(ledger, guard.keys, "the node")
        size = ledger.size
        made = desk.first_operator()
        assert made is not None
        assert ledger.size == size + 1
        assert guard.keys.check(made.token)[1].may("operator")
        assert desk.first_operator() is None
        guard.keys.revoke(made.key.key_id)
        assert desk.first_operator() is not None
