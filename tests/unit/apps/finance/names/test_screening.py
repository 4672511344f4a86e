"""Screening finds who is listed, ranks by all that is known, and leaves little out."""

from __future__ import annotations

from random import Random

import pytest

from counterfoil.apps.finance.names.circumstances import weigh_birth, weigh_countries
from counterfoil.apps.finance.names.lists import SanctionsList, country_code, make_list, read_list
from counterfoil.apps.finance.names.lists.entry import ListEntry
from counterfoil.apps.finance.names.made import SAMES
from counterfoil.apps.finance.names.screening import HITS_MAX, Query, Screened, Screener
from tests.lists_made import write_sdn
from tests.shared_data import data_path


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> SanctionsList:
    return read_list(write_sdn(tmp_path_factory.mktemp("lists") / "sdn"))


def screened(listed: SanctionsList, *queries: Query, hit_from: float = 0.8) -> list[Screened]:
    return list(Screener([listed], hit_from=hit_from).screen(queries))


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("Григорий Соколов", "101"),
        ("Grigory Sokolof", "101"),
        ("Sokolov, G. P.", "101"),
        ("GrigorySokolov", "101"),
        ("Northern Delta Trading Limited Liability Company", "102"),
        ("Delta Commerce Co.", "102"),
        ("MV Sea Heron 4", "103"),
        ("خالد يوسف المنصوري", "104"),
        ("Khaled Youssef Mansouri", "104"),
    ],
)
def test_listed_names_are_found(listed: SanctionsList, name: str, entry: str) -> None:
    """Other scripts, slips, initials, joined words, legal forms and aliases lead to the entry."""
    (found,) = screened(listed, Query(name))
    assert found.outcome == "hit"
    assert found.hits[0].entry.id == entry
    assert found.hits[0].version == listed.version
    assert found.hits[0].why


@pytest.mark.parametrize("name", ["Oleg Sokolov", "Jane Doe", "Sea Eagle", "Delta Airlines"])
def test_others_are_not(listed: SanctionsList, name: str) -> None:
    """Who shares a word with an entry is no hit."""
    (found,) = screened(listed, Query(name))
    assert (found.outcome, found.hits) == ("clear", ())


def test_birth_and_country_move_the_score(listed: SanctionsList) -> None:
    """The same day of birth raises, other years lower, and each is said with its weight."""
    plain, same, other = screened(
        listed,
        Query("Grigory Sokolov", "Person"),
        Query("Grigory Sokolov", "Person", ("1961-03-05",), ("ru",)),
        Query("Grigory Sokolov", "Person", ("1990-01-01",), ("fr",)),
        hit_from=0.01,
    )
    assert same.hits[0].score > plain.hits[0].score > other.hits[0].score
    assert same.hits[0].contributions["birth"] > 0 > other.hits[0].contributions["countries"]
    assert any("born in other years" in why for why in other.hits[0].why)


def test_a_schema_narrows_the_search(listed: SanctionsList) -> None:
    """A company's name is compared with companies alone."""
    person, company = screened(
        listed, Query("Grigory Sokolov", "Person"), Query("Grigory Sokolov", "Company")
    )
    assert (person.outcome, company.outcome) == ("hit", "clear")


def test_a_country_that_is_not_known_weighs_nothing(listed: SanctionsList) -> None:
    """A slip in the country moves no score, and is told; another country does."""
    queries = [Query("Grigory Sokolov", countries=said) for said in ((), ("atlantis",), ("ve",))]
    told, slip, other = (one.hits[0] for one in screened(listed, *queries, hit_from=0.01))
    assert slip.score == told.score > other.score
    assert slip.why[-1] == "not known as a country: atlantis"
    assert other.why[-1].startswith("no country in common: ve and ")
    assert {country_code(said) for said in ("VEN", "ve", "Venezuela")} == {"ve"}


@pytest.mark.parametrize("schema", ["Persn", "natural person", "PERSON ", "x"])
def test_a_schema_that_is_not_known_hides_nobody(listed: SanctionsList, schema: str) -> None:
    """A slip in the schema clears nobody: the name is compared with entries of every kind."""
    found = screened(listed, Query("Grigory Sokolov", schema), Query("MV Sea Heron 4", schema))
    wanted = ["hit", "clear"] if schema.strip() == "PERSON" else ["hit", "hit"]
    assert [one.outcome for one in found] == wanted


def test_weak_aliases_count_less() -> None:
    """A name that the list itself calls weak scores less than the same name as an alias."""
    entries = [
        ListEntry("1", "SOMEBODY, Else", "person", aliases=("Silver Falcon",)),
        ListEntry("2", "ANOTHER, Man", "person", weak=("Silver Falcon",)),
    ]
    (found,) = screened(make_list("test", entries), Query("Silver Falcon"))
    assert [hit.entry.id for hit in found.hits] == ["1", "2"]
    assert found.hits[1].contributions["weak_alias"] < 0


def test_a_name_without_letters_says_so(listed: SanctionsList) -> None:
    """Nothing to compare is no clearance."""
    assert [one.outcome for one in screened(listed, Query(""), Query("\u202e!"))] == ["no-name"] * 2


def test_many_hits_are_counted() -> None:
    """More hits than are told are counted."""
    entries = [ListEntry(str(at), "MORENO, Luis", "person") for at in range(HITS_MAX + 3)]
    (found,) = screened(make_list("test", entries), Query("Luis Moreno"))
    assert (len(found.hits), found.more) == (HITS_MAX, 3)


def test_what_is_not_known_weighs_nothing() -> None:
    """Dates and countries count only where both sides tell."""
    assert weigh_birth((), ("1970",)) is None
    assert weigh_countries(("ru",), ()) is None


@pytest.mark.parametrize(
    ("one", "other", "odds"),
    [
        ("1970-05-01", "1970-05-01", 2.5),
        ("1970-05-01", "1970-01-05", 1.5),
        ("1970-05-01", "1970-07-09", -1.5),
        ("1970-05-01", "1970-05", 0.75),
        ("1970", "1971", -0.5),
        ("1970", "1980", -4.0),
    ],
)
def test_dates_are_weighed(one: str, other: str, odds: float) -> None:
    """Same day, swapped day and month, same year, a year apart, other years."""
    found = weigh_birth((one,), (other,))
    assert found is not None
    assert found.odds == odds


def test_the_index_leaves_little_out() -> None:
    """Of what a comparison with every name finds, the index finds nine in ten and more."""
    whole = read_list(data_path("ofac_sdn_2021"))
    part = make_list("part", whole.entries[::30])
    random = Random(5)
    queries: list[Query] = []
    while len(queries) < 24:
        entry = random.choice(part.entries)
        made = random.choice(list(SAMES.values()))(entry.spoken().split(), [], entry.kind, random)
        if made:
            queries.append(Query(made))
    screener = Screener([part])
    everything = found = 0
    for query, some in zip(queries, screener.screen(queries), strict=True):
        every = {hit.entry.id for hit in screener.compare_all(query).hits}
        everything += len(every)
        found += len(every & {hit.entry.id for hit in some.hits})
    assert everything > 15
    assert found / everything > 0.9


def test_a_planted_blind_index_is_seen(
    listed: SanctionsList, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index that finds nothing makes the comparison above fail: the measure can go red."""
    screener = Screener([listed])
    monkeypatch.setattr(
        "counterfoil.apps.finance.names.index.NameIndex.candidates",
        lambda self, queries: ([] for _ in queries),
    )
    (blind,) = screener.screen([Query("Grigory Sokolov")])
    assert not blind.hits
    assert screener.compare_all(Query("Grigory Sokolov")).hits
