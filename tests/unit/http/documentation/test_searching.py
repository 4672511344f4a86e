"""The search finds words, beginnings of words and codes, and leads to their places."""

from __future__ import annotations

from counterfoil.http.documentation.searching import HITS_MAX, SearchIndex, places_of

PAGES = {
    "guide": (
        "# Take a receipt\n\nA receipt proves. See [the log](log.md).\n\n"
        "## Verify it\n\n`counterfoil verify` checks a **signature**.\n\n"
        "```console\n# no heading\n$ counterfoil verify receipt.json\n```\n"
    ),
    "glossary": "# Glossary\n\n```{glossary}\nlog\n  Keeps entries.\n\nwitness\n  Cosigns.\n```\n",
    "reference/errors": "# Errors\n\n## log\n\n`log.expect` (`Conflict`)\n: expected it.\n",
}
INDEX = SearchIndex(PAGES)


def test_places_are_headings_and_terms() -> None:
    """Each heading and each defined term is a place; a comment in code is none."""
    found = [(one.name, one.heading, one.anchor) for n in PAGES for one in places_of(n, PAGES[n])]
    assert found == [
        ("guide", "Take a receipt", "take-a-receipt"),
        ("guide", "Verify it", "verify-it"),
        ("glossary", "Glossary", "glossary"),
        ("glossary", "log", "term-log"),
        ("glossary", "witness", "term-witness"),
        ("reference/errors", "Errors", "errors"),
        ("reference/errors", "log", "log"),
        ("reference/errors", "log.expect (Conflict)", "log-expect"),
    ]


def test_the_best_place_comes_first() -> None:
    """A place whose heading has the word comes before one that only mentions it."""
    assert [hit.anchor for hit in INDEX.search("verify")] == ["verify-it"]
    assert INDEX.search("receipt")[0].anchor == "take-a-receipt"
    assert INDEX.search("LOG")[0].anchor == "term-log"


def test_the_beginning_of_a_word_is_enough() -> None:
    """A word finds longer ones, after those that are the word itself."""
    assert [hit.anchor for hit in INDEX.search("witn")] == ["term-witness"]
    assert [hit.anchor for hit in INDEX.search("sig")] == ["verify-it"]


def test_an_error_is_found_by_its_code() -> None:
    """A code is one word, and its parts are words, too."""
    assert INDEX.search("log.expect")[0].anchor == "log-expect"
    assert "log-expect" in [hit.anchor for hit in INDEX.search("expect")]


def test_all_words_or_else_some() -> None:
    """A place with all words beats those with some; if none has all, some are shown."""
    assert [hit.anchor for hit in INDEX.search("verify signature")] == ["verify-it"]
    assert {hit.anchor for hit in INDEX.search("cosigns signature")} == {
        "term-witness",
        "verify-it",
    }


def test_excerpts_mark_what_was_looked_for() -> None:
    """An excerpt is plain text around the words, with them apart."""
    (hit,) = INDEX.search("signature")
    assert ("signature", True) in hit.excerpt
    text = "".join(part for part, _ in hit.excerpt)
    assert text.startswith("counterfoil verify checks a signature.")
    assert not set("`*[]") & set(text)


def test_long_places_are_cut_around_the_word() -> None:
    """An excerpt of a long place is short, and holds the word."""
    index = SearchIndex({"p": "# P\n\n" + "alpha " * 500 + "needle " + "omega " * 500})
    (hit,) = index.search("needle")
    text = "".join(part for part, _ in hit.excerpt)
    assert len(text) < 260
    assert "alpha needle omega" in text
    assert text.endswith("…")


def test_nothing_is_found_for_nothing() -> None:
    """No word, a word that is nowhere, or marks alone find nothing."""
    assert INDEX.search("") == INDEX.search("…!?") == INDEX.search("zebra") == ()
    assert SearchIndex({}).search("receipt") == ()


def test_hits_are_bounded() -> None:
    """However many places have a word, and however long a query is, the answer is short."""
    index = SearchIndex({"p": "# P\n\n" + "## word\n\n" * 100})
    assert len(index.search("word")) == HITS_MAX
    assert len(index.search("word " * 10_000)) == HITS_MAX
