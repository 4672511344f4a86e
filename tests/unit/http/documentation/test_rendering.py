"""What the documents may use of Markdown and MyST, and what is kept out of the pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from counterfoil.errors import NotFound, Unavailable
from counterfoil.http.documentation import Library
from counterfoil.http.documentation.sources import find_sources

Shelf = Callable[..., Library]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Make documents from texts: name -> Markdown."""

    def make(**pages: str) -> Library:
        texts = {"index": "# All\n", **pages}
        for name, text in texts.items():
            file = tmp_path / "docs" / f"{name.replace('__', '/')}.md"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        (tmp_path / "docs" / "code.py").write_text("x = '<b>'\n")
        (tmp_path / "secret.py").write_text("password = 1\n")
        return Library(find_sources(tmp_path))

    return make


def test_headings_are_named_as_in_other_tools(shelf: Shelf) -> None:
    """A heading's anchor is GitHub's; the second of a name gets a number."""
    article = shelf(page="# A page\n\n## Put `this`, there!\n\n## Two\n\n## Two\n").article("page")
    assert [one.anchor for one in article.contents] == ["put-this-there", "two", "two-1"]
    assert article.title == "A page"
    assert '<h2 id="put-this-there">' in article.html


def test_links_between_documents_lead_below_the_base(shelf: Shelf) -> None:
    """A link to a file of the documents becomes one to its page; others stay, or are problems."""
    text = (
        "# P\n\n[up](../index.md) [there](b.md#x-y) [code](../code.py) [out](https://a.example/)\n"
        "[gone](c.md) [script](javascript:alert) [root](../../secret.py)\n"
    )
    article = shelf(a__p=text, a__b="# B\n").article("a/p")
    assert 'href="/docs"' in article.html
    assert 'href="/docs/a/b#x-y"' in article.html
    assert 'href="/docs/files/docs/code.py"' in article.html
    assert '<a href="https://a.example/" rel="noreferrer">' in article.html
    assert 'href="javascript' not in article.html
    assert article.links == (("index", ""), ("a/b", "x-y"))
    assert article.problems == ("no page or file c.md", "no page or file ../../secret.py")


def test_roles_link_pages_and_terms(shelf: Shelf) -> None:
    """`{doc}` shows a page's title or a text of its own, `{term}` leads to the glossary."""
    library = shelf(
        page=(
            "# P\n\n{doc}`a/b` {doc}`this <a/b>` {doc}`/a/b`\n{term}`big word` {ref}`x` {doc}`no`\n"
        ),
        a__b="# The *B* page\n",
        glossary="# Glossary\n\n```{glossary}\nbig word\n  Means *much*.\n```\n",
    )
    article = library.article("page")
    assert article.html.count('<a href="/docs/a/b">The B page</a>') == 2
    assert '<a href="/docs/a/b">this</a>' in article.html
    assert '<a href="/docs/glossary#term-big-word">big word</a>' in article.html
    assert article.problems == ("no role ref", "no page no")
    glossary = library.article("glossary")
    assert "term-big-word" in glossary.anchors
    assert '<dt id="term-big-word">big word</dt>\n<dd><p>Means <em>much</em>.</p>' in glossary.html


def test_tables_of_contents_list_and_order_pages(shelf: Shelf) -> None:
    """A table of contents lists titles; its order is the reading order; a hidden one only that."""
    library = shelf(
        index="# All\n\n```{toctree}\n:hidden:\n\nb/index\na\n```\n",
        a="# A\n",
        b__index="# B\n\n```{toctree}\n:glob:\n\n*\n```\n",
        b__y="# Y\n",
        b__x="# X\n",
        c="# In no table\n",
    )
    assert "<ul" not in library.article("index").html
    assert '<li><a href="/docs/b/x">X</a></li>\n<li><a href="/docs/b/y">Y</a></li>' in (
        library.article("b/index").html
    )
    assert [n.name for n in library.order] == ["index", "b/index", "b/x", "b/y", "a", "c"]
    assert [n.name for n in library.trail("b/y")] == ["b/index"]


def test_a_table_that_lists_itself_ends(shelf: Shelf) -> None:
    """Pages that list each other do not make the tree endless."""
    ring = "# {}\n\n```{{toctree}}\n{}\n```\n"
    library = shelf(index=ring.format("I", "a"), a=ring.format("A", "b"), b=ring.format("B", "a"))
    assert [node.name for node in library.order] == ["index", "a", "b"]


def test_admonitions_hold_markdown(shelf: Shelf) -> None:
    """A note is a note in either fence, with Markdown inside."""
    text = "# P\n\n```{note}\nOf *use*.\n```\n\n:::{warning} Look out\nDo `it`.\n:::\n"
    html = shelf(page=text).article("page").html
    assert '<aside class="admonition note" aria-label="Note">' in html
    assert "<em>use</em>" in html
    assert '<p class="admonition-title">Look out</p>\n<p>Do <code>it</code>.</p>' in html


def test_files_are_included_from_the_documents_alone(shelf: Shelf) -> None:
    """A file of the documents is shown, escaped; one outside of them is not, by any name."""
    text = (
        "# P\n\n```{literalinclude} code.py\n:language: python\n```\n\n"
        "```{literalinclude} ../secret.py\n```\n\n```{literalinclude} /etc/hostname\n```\n"
    )
    article = shelf(page=text).article("page")
    assert "&lt;b&gt;" in article.html
    assert "password" not in article.html
    assert len(article.problems) == 2


def test_code_is_coloured_by_classes_and_escaped(shelf: Shelf) -> None:
    """Code that is known gets classes, other code is plain; none of it becomes markup."""
    text = "# P\n\n```python\nif '<i>':\n```\n\n```text\n<script>\n```\n\n    <indented>\n"
    html = shelf(page=text).article("page").html
    assert '<span class="k">if</span>' in html
    assert "&lt;i&gt;" in html
    assert '<code class="language-text">&lt;script&gt;' in html
    assert "<code>&lt;indented&gt;" in html


def test_html_and_pictures_stay_out(shelf: Shelf) -> None:
    """HTML is shown as text, a comment not at all, a picture by its words; each is a problem."""
    text = (
        "# P\n\n<!-- skip -->\n\n<b>x</b> ![words](https://a.example/x.png)\n\n<script>1</script>\n"
    )
    article = shelf(page=text).article("page")
    assert "skip" not in article.html
    assert "<b>" not in article.html
    assert "<img" not in article.html
    assert "<script>" not in article.html
    assert "words" in article.html
    assert len(article.problems) == 4


def test_what_is_not_known_is_told(shelf: Shelf) -> None:
    """A directive that the node does not know is shown as code, and is a problem."""
    article = shelf(
        page="# P\n\n```{figure} x.png\nwords\n```\n\n```{toctree}\nnone\n```\n"
    ).article("page")
    assert "<code>words" in article.html
    assert article.problems == ("no directive figure", "no page none")


def test_numbers_stand_right_without_a_style(shelf: Shelf) -> None:
    """A column that is set right gets a class, since the policy allows no style."""
    html = shelf(page="# P\n\n| a | b |\n|---|---:|\n| x | 1 |\n").article("page").html
    assert '<td class="n">1</td>' in html
    assert "style" not in html


def test_the_corner_of_a_table_is_no_heading(shelf: Shelf) -> None:
    """A heading without words would be read out as one that says nothing."""
    html = shelf(page="# P\n\n| | b |\n|---|---|\n| x | 1 |\n").article("page").html
    assert "<td></td>\n<th>b</th>" in html


@pytest.mark.parametrize("name", ["", "..", "../secret", "index.md", "code.py", "INDEX", "a\x00b"])
def test_a_name_that_is_none_is_not_found(shelf: Shelf, name: str) -> None:
    """Only the names of documents are found; a path is none."""
    library = shelf()
    with pytest.raises(NotFound) as err:
        library.article(name)
    assert err.value.code == "documentation.page"
    with pytest.raises(NotFound) as err:
        library.file(name)
    assert err.value.code == "documentation.file"


def test_links_in_the_file_system_are_no_documents(shelf: Shelf, tmp_path: Path) -> None:
    """A symbolic link, a hidden file and what Sphinx built are none of the documents."""
    (tmp_path / "docs" / "_build").mkdir(parents=True)
    (tmp_path / "docs" / "_build" / "x.md").write_text("# X\n")
    (tmp_path / "docs" / ".y.md").write_text("# Y\n")
    (tmp_path / "docs" / "z.md").symlink_to(tmp_path / "secret.py")
    assert list(shelf().sources.pages) == ["index"]


def test_without_documents_it_says_so(tmp_path: Path) -> None:
    """A folder without documents is refused with what to do."""
    with pytest.raises(Unavailable) as err:
        find_sources(tmp_path)
    assert err.value.code == "documentation.missing"
    assert err.value.hint
