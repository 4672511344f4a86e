"""The glossary is whole: each kind of statement is in it, each word is used, all in order."""

from __future__ import annotations

import re
import tomllib

from counterfoil.formats.predicates import CORE, name_of
from tests.shared_data import ROOT

TEXT = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
BODY = TEXT.partition("```{glossary}\n")[2].rpartition("```")[0]
TERMS = [line for line in BODY.splitlines() if line[:1].strip()]


def plain(text: str) -> str:
    """Compare words without case, hyphens and blanks: `data set` is `dataset`."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def names_of(term: str) -> list[str]:
    """Give the words of an entry: `fan-in, fan-out` are two, what stands in brackets is none."""
    return [name.strip() for name in re.sub(r"\(.*?\)", "", term).split(",")]


def kinds_of_statements() -> list[str]:
    """List the kinds of the core and of our packages."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [*project["entry-points"]["counterfoil.predicates"], *map(name_of, CORE)]


def test_every_kind_of_statement_is_explained() -> None:
    """Whoever meets a kind in a log finds the word in the glossary."""
    kinds = kinds_of_statements()
    known = {plain(name) for term in TERMS for name in names_of(term)}
    missing = [kind for kind in kinds if not {plain(kind), plain(f"{kind}statement")} & known]
    assert missing == []


def test_words_of_the_architecture_are_explained() -> None:
    """The short list of words in ARCHITECTURE.md is explained at length."""
    words = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").partition("## Words")[2]
    listed = re.sub(r"\(.*?\)", "", words.partition("Verbs:")[0], flags=re.DOTALL).split("·")
    known = {plain(name) for term in TERMS for name in names_of(term)}
    names = [plain(name) for one in listed for name in one.split(",")]
    assert "checkpoint" in names
    assert [name for name in names if not {name, f"{name}statement"} & known] == []


def test_every_word_is_used() -> None:
    """A word that nothing else says need not be learned, unless logs use it for a kind."""
    kinds = set(map(plain, kinds_of_statements()))
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "src").rglob("*.py")]
    text = " ".join(
        path.read_text(encoding="utf-8").lower()
        for path in documents
        if path.name != "glossary.md" and "_build" not in path.parts
    )
    said = re.sub(r"[-\s`]+", " ", text)
    unused = [
        term
        for term in TERMS
        if plain(term) not in kinds
        and not any(re.sub(r"[-\s]+", " ", name.lower()) in said for name in names_of(term))
    ]
    assert unused == []


def test_words_are_in_order_and_explained_once() -> None:
    """A reader finds a word where the alphabet says, once, with an explanation under it."""
    assert [term.lower() for term in TERMS] == sorted({term.lower() for term in TERMS})
    for block in filter(str.strip, re.split(r"\n(?=\S)", BODY)):
        meaning = block.partition("\n")[2].strip()
        assert meaning.endswith("."), block
