"""The page around a receipt is one small file, strict about what may run, made of small parts."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from itertools import combinations

import pytest

from counterfoil.formats import receipt_page as pages
from counterfoil.formats.receipt_page import MODULES, receipt_page

ASSETS = {
    file.name: file.read_text(encoding="utf-8")
    for file in (files("counterfoil.formats") / "assets").iterdir()
}
PAGE = receipt_page()
WHOLE = (PAGE.head + PAGE.middle + PAGE.tail).decode()
SCRIPT = WHOLE.partition('<script type="module">')[2].partition("</script>")[0]
STYLE = WHOLE.partition("<style>")[2].partition("</style>")[0]


def test_size() -> None:
    """A page takes less than 64 KB before its receipt: it travels by mail and on paper's terms."""
    assert len(WHOLE.encode()) < 64 * 1024


def test_policy_names_this_script_and_style() -> None:
    """The page's policy lets this very script and style run, and nothing else load or run."""
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', WHOLE)
    assert policy
    script, style = (
        "sha256-" + b64encode(sha256(text.encode()).digest()).decode() for text in (SCRIPT, STYLE)
    )
    assert policy[1] == (
        f"default-src 'none'; script-src '{script}'; style-src '{style}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert WHOLE.index(policy[0]) < 200, "before anything that it rules"


def test_nothing_is_loaded() -> None:
    """No part of the page names another file, and no word of the script could fetch one."""
    tags = re.findall(r"<[a-z]+[^>]*>", WHOLE.replace(SCRIPT, "").replace(STYLE, ""))
    assert not [tag for tag in tags if re.search(r"\s(src|href|action|on\w+)\s*=", tag)]
    assert not re.search(r"url\(|@import|@font-face", STYLE)
    words = r"fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon|import\(|\.src\b|location"
    assert not re.search(words, SCRIPT)


def test_text_never_becomes_markup() -> None:
    """The script has no word that would read a text as markup or as script."""
    words = r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|\bFunction\(|DOMParser"
    assert not re.search(words + "|setAttributeNS|createContextualFragment|setTimeout", SCRIPT)
    assert "</" not in SCRIPT
    assert "<!--" not in SCRIPT


def test_modules_stand_in_order() -> None:
    """Each module imports only from those before it, and every file is part of the page."""
    known = {"shapes"}
    for name in MODULES:
        imported = re.findall(r'^import [^;]* from "\./(\w+)\.js";$', ASSETS[f"{name}.js"], re.M)
        assert set(imported) <= known, name
        known.add(name)
    expected = {f"{name}.js" for name in MODULES} | {"receipt.html", "receipt.css"}
    assert {name for name in ASSETS if not name.startswith("__")} == expected


def test_names_are_distinct() -> None:
    """The modules can be joined to one: no two of them use a name at their top for two things."""
    found = {
        name: set(re.findall(r"^(?:export )?(?:async )?(?:function|const|class) (\w+)", text, re.M))
        for name, text in ASSETS.items()
        if name.endswith(".js")
    }
    for (one, names), (other, others) in combinations(found.items(), 2):
        assert names & others == set(), (one, other)


def test_modules_say_why() -> None:
    """Every module of the script begins with why it exists."""
    assert [n for n, t in ASSETS.items() if n.endswith(".js") and not t.startswith("// ")] == []


@pytest.mark.parametrize(
    ("source", "squeezed"),
    [
        ("const a = 1; // one\n\n\nconst b = 2;\n", "const a=1;\nconst b=2;\n"),
        ("/** two\n * lines */\nlet a;\n", "let a;\n"),
        ("f( \"a  // b\", '/* c */' )", "f(\"a  // b\",'/* c */')\n"),
        ("`a  ${ b + c }  // d \\` e`;", "`a  ${ b + c }  // d \\` e`;\n"),
        ('x = /[/ ]  \\/"/u . test( y )', 'x=/[/ ]  \\/"/u.test(y)\n'),
        ("return  value\nnext", "return value\nnext\n"),
        ("if (a) {\n  b();\n}\nc();", "if(a){b()}\nc();\n"),
        ("a\n  .b()\n  .c();", "a.b().c();\n"),
        ("[\n  1,\n  2,\n]", "[1,2]\n"),
        ("a in b", "a in b\n"),
    ],
)
def test_squeezing(source: str, squeezed: str) -> None:
    """Comments and needless blanks go; texts, patterns and what ends a statement stay."""
    assert pages._squeeze(source) == squeezed


def test_squeezing_leaves_comments_out() -> None:
    """What explains the script to its maintainers does not travel with every receipt."""
    assert not re.search(r"^\s*(//|/\*)", SCRIPT, re.M)
    assert "/*" not in STYLE


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["ink", "muted", "accent", "ok", "wait", "bad"])
def test_contrast(name: str, scheme: int) -> None:
    """Every colour of text stands out by 6.4:1 on the surface and 4.5:1 on the ground (WCAG 2)."""
    found = re.findall(r"--(\w+): light-dark\((#\w{6}), (#\w{6})\)", ASSETS["receipt.css"])
    tokens = {token: (light, dark)[scheme] for token, light, dark in found}
    for behind, least in (("surface", 6.4), ("ground", 4.5)):
        low, high = sorted(_luminance(tokens[token]) for token in (name, behind))
        assert (high + 0.05) / (low + 0.05) >= least
