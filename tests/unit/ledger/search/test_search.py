"""Searching a ledger: header fields, pages, leaves, and records that try to be in the way."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import chain
from typing import Any

import pytest

import counterfoil
from counterfoil.errors import InputError, NotFound
from counterfoil.formats.statement import Subject
from counterfoil.ledger import Ledger
from counterfoil.ledger.recorder import LocalRecorder
from counterfoil.ledger.search import catch_up
from counterfoil.log import Submission
from counterfoil.proofs.merkle import leaf_hash
from tests.log_rig import raises_code


@pytest.fixture
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with counterfoil.open(
        tmp_path_factory.mktemp("search") / "ledger",
        create=True,
        organisation="https://bank.example",
    ) as made:
        yield made


def found(ledger: Ledger, query: str, **options: Any) -> list[int]:
    """Search, oldest first, in the index and without it: both must agree."""
    options = {"newest_first": False, "limit": 1000} | options
    before = [hit.index for hit in ledger.search(query, **options).hits]
    catch_up(ledger._reading)
    page = ledger.search(query, **options)
    assert [hit.index for hit in page.hits] == before
    assert page.notice == ""
    return before


def test_header_fields(ledger: Ledger) -> None:
    """Every field of a statement's header can be asked for."""
    first = ledger.record({"x": 1}, source="orders", number=7, expect={"stock": (None, 5)})
    later = ledger.record(
        {"x": 2},
        corrects=first.index,
        supersedes=first.leaf,
        on_behalf_of="https://customer.example",
        audience=ledger.origin,
        nonce="0" * 32,
    )
    entry = ledger.get(first.index)
    for query in (
        f"leaf={first.leaf}",
        f"leaf={first.leaf.upper()}",
        f"index={first.index}",
        "source=orders",
        "source=orders number=7",
        "number=7.0",
        "source=orders kind=record issuer=https://bank.example",
        f"at_ms={entry.at_ms} source=orders",
        f"signed_by={entry.signed_by[0]} source=orders",
        "expect.stock=5",
        "expect.stock=null",
        "subject.name=content source=orders",
        "orders",
        "x=1",
    ):
        assert found(ledger, query) == [first.index], query
    for query in (
        f"corrects={first.leaf}",
        f"supersedes={first.leaf}",
        "on_behalf_of=https://customer.example",
        f"audience={ledger.origin} kind=record",
        f"nonce={'0' * 32}",
        "customer.example",
    ):
        assert found(ledger, query) == [later.index], query
    assert found(ledger, first.leaf) == [first.index, later.index]
    assert set(found(ledger, "kind=key")) < set(found(ledger, "bank"))


def test_content_digest_is_found(ledger: Ledger) -> None:
    """A record is found by the digest of its content, as its subject names it."""
    recorded = ledger.record({"b": [1, 2]})
    digest = sha256(b'{"b":[1,2]}').hexdigest()
    assert found(ledger, f"subject.sha256={digest}") == [recorded.index]
    assert found(ledger, digest) == [recorded.index]


def test_members_of_a_batch_have_its_key_and_time(ledger: Ledger) -> None:
    """Rows that a batch signs are found by the batch's key and time."""
    rows = ledger.record_many([{"row": at} for at in range(300)])
    (key,) = ledger.get(ledger.size - 1).signed_by
    batches = ledger.search("kind=batch", newest_first=False).hits
    assert len(batches) == 3
    assert found(ledger, f"signed_by={key} row>=0") == found(ledger, "row>=0")
    assert len(found(ledger, f"{key} kind=record")) == 300
    at_ms = batches[0].at_ms
    assert at_ms is not None
    assert len(found(ledger, f"at_ms>={at_ms} row<300")) == 300
    assert found(ledger, f"at_ms<{at_ms} row>=0") == []
    assert rows.count == 300


def test_bounds_on_the_index(ledger: Ledger) -> None:
    """Conditions on `index` cut the log, and cannot be satisfied beside a whole number."""
    ledger.record_many([{"n": at} for at in range(20)])
    size = ledger.size
    everything = list(range(size))
    assert found(ledger, "") == everything
    assert found(ledger, "index>3 index<=6") == [4, 5, 6]
    assert found(ledger, "index>=3.5 index<5.5") == [4, 5]
    assert found(ledger, "index=4.5") == []
    assert found(ledger, "index!=4") == [at for at in everything if at != 4]
    assert found(ledger, "index>-1e9999") == everything
    assert found(ledger, "index>1e9999") == []
    assert found(ledger, f"index<{10**60}") == everything


def test_pages(ledger: Ledger) -> None:
    """Pages follow each other without gap or overlap, and the last says that it is."""
    ledger.record_many([{"n": at % 2} for at in range(100)])
    for newest_first in (True, False):
        pages, after = [], None
        while True:
            page = ledger.search("n=1", limit=20, after=after, newest_first=newest_first)
            pages.append([hit.index for hit in page.hits])
            after = page.next
            if after is None:
                break
        assert [len(page) for page in pages] == [20, 20, 10]
        joined = list(chain.from_iterable(pages))
        assert joined == sorted(joined, reverse=newest_first)
        assert len(set(joined)) == 50
    whole = ledger.search("n=1", limit=1000)
    assert (whole.total, whole.next, whole.size) == (50, None, ledger.size)
    assert whole.to_json()["hits"][0]["content"] == {"n": 1}
    assert ledger.search("n=1", after=0).hits == ()
    assert ledger.search("n=1", after=10**9, newest_first=False).hits == ()


def test_what_cannot_be_asked(ledger: Ledger) -> None:
    """Limits and places out of range, and queries that cannot be read, are refused."""
    for limit in (0, 1001, -1):
        with raises_code("search.limit", InputError):
            ledger.search(limit=limit)
    with raises_code("search.after", InputError):
        ledger.search(after=-1)
    with raises_code("search.query", InputError):
        ledger.search("a=")


def test_find_leaf(ledger: Ledger) -> None:
    """A leaf hash leads to its entry, in any case of its digits; another is not found."""
    recorded = [ledger.record({"n": at}) for at in range(3)]
    for one in recorded:
        assert ledger.find_leaf(one.leaf) == ledger.find_leaf(one.leaf.upper()) == one.index
    # The index keeps the beginning only; the rest is compared, too.
    with raises_code("entry.leaf", NotFound):
        ledger.find_leaf(recorded[0].leaf[:12] + "0" * 52)
    for bad in ("", "abc", "g" * 64, recorded[0].leaf + "0"):
        with raises_code("search.leaf", InputError):
            ledger.find_leaf(bad)


def test_other_statements_are_found_by_what_they_say(ledger: Ledger) -> None:
    """Keys and blocks are found by their predicate's fields; a block's rows are not looked at."""
    block = ledger.record_block([{"iban": "DE00", "amount": at} for at in range(5)])
    assert found(ledger, "kind=block") == found(ledger, "rows=5 columns=iban") == [block.index]
    assert found(ledger, "DE00") == found(ledger, "iban=DE00") == []
    assert found(ledger, "action=add role=producer kind=key")
    assert found(ledger, "content.issuer=https://bank.example kind=block") == [block.index]


def test_statements_of_others_are_found(ledger: Ledger) -> None:
    """A predicate that the core does not know is content as a whole, with its header's fields."""
    shipment = ledger.record_statement(
        "https://other.example/shipment/v1",
        {"goods": [{"sku": "A-1"}], "at_ms": 1234, "expect": "tomorrow", "nonce": [1]},
        subjects=[Subject({"sha1": "ab" * 20}, name="crate of figs")],
        source="harbour",
        number=3,
    )
    for query in (
        "kind=https://other.example/shipment/v1",
        "goods.sku=A-1",
        "figs",
        "subject.name~figs",
        f"subject.sha1={'ab' * 20}",
        "source=harbour number=3",
        "at_ms=1234",
        "content.expect=tomorrow",
        "content.nonce=1",
    ):
        assert found(ledger, query) == [shipment.index], query


def test_what_cannot_be_decoded_is_listed(ledger: Ledger) -> None:
    """An entry of a kind that this version does not know is in lists, by index and by leaf."""
    strange = [b"\xd2\x84\x43", b"{", b'{"payload":"!","payloadType":"x","signatures":[]}']
    assert isinstance(ledger._recorder, LocalRecorder)
    ledger._recorder._writing.log.submit(Submission(strange)).result()
    size = ledger.size
    assert found(ledger, "")[-3:] == [size - 3, size - 2, size - 1]
    assert found(ledger, f"leaf={leaf_hash(b'{').hex()}") == [size - 2]
    hit = ledger.search(limit=1).hits[0]
    assert (hit.index, hit.kind, hit.content) == (size - 1, "unreadable", {})
    assert found(ledger, "kind!=record kind!=key kind!=organisation") == []


def test_large_content_is_not_looked_at(ledger: Ledger) -> None:
    """Content beside the log is found by its digest and size only."""
    large = ledger.record({"secret": "x" * 50_000, "word": "hidden"})
    assert found(ledger, "hidden") == found(ledger, "word=hidden") == []
    assert found(ledger, "content_ref.size>50000") == [large.index]


def test_thousands_of_fields(ledger: Ledger) -> None:
    """A record of very many fields is found by each, also by ranges, as is its neighbour."""
    many = ledger.record({str(at): 1 for at in range(4000)})
    wide = ledger.record({"list": list(range(8000)), "deep": "x"})
    plain = ledger.record({"n": 5})
    assert found(ledger, "0=1 3999=1") == [many.index]
    assert found(ledger, "3999>0") == [many.index]
    assert found(ledger, "list>7998") == found(ledger, "list=7999") == [wide.index]
    assert found(ledger, "n>4") == [plain.index]
    assert found(ledger, "n>5") == []


def test_more_fields_than_are_kept_in_mind(ledger: Ledger) -> None:
    """Records with ever new field names are found by them, within one block and beyond."""
    recorded = ledger.record_many([{f"f{at}-{n}": at for n in range(50)} for at in range(150)])
    catch_up(ledger._reading)
    for at in (0, 77, 149):
        assert len(found(ledger, f"f{at}-49={at} f{at}-0>={at}")) == 1
        assert found(ledger, f"f{at}-49>{at}") == []
    assert recorded.count == 150


def test_deep_nesting_and_long_paths(ledger: Ledger) -> None:
    """Fields as deep as a record allows are found by path; beyond 1,024 characters by word."""
    deep: Any = {"end": "bottom"}
    for _ in range(50):
        deep = {"d": deep}
    record = ledger.record(deep)
    assert found(ledger, "d." * 50 + "end=bottom") == [record.index]
    key = "k" * 1000
    long = ledger.record(
        {key: {"a" * 30: {"b": "farther 17", "n": 99, "c": {"d": 1}}}, "l" * 1100: 4}
    )
    assert found(ledger, "farther") == found(ledger, "99") == [long.index]
    assert found(ledger, f"{key}.{'a' * 23}=1") == []
    edge = ledger.record({key: {"e" * 23: 7}})
    assert found(ledger, f"{key}.{'e' * 23}=7") == [edge.index]


def test_progress_is_told_and_can_stop(ledger: Ledger) -> None:
    """The caller hears how far it is, and may stop; what was indexed stays."""
    ledger.record_many([{"n": at} for at in range(5000)])
    heard: list[tuple[int, int]] = []
    ledger.search("n!=3", limit=1, progress=lambda done, total: heard.append((done, total)))
    assert heard[0] == (0, ledger.size)
    assert [done for done, _ in heard] == sorted(done for done, _ in heard)
    scanned: list[tuple[int, int]] = []
    ledger.search('n!=3 n!="x" kind=key', progress=lambda *told: scanned.append(told))
    ledger.search("n!=3 absent!=4", progress=lambda *told: scanned.append(told))
    assert scanned
    assert all(0 < done <= total for done, total in scanned)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ledger.search("absent!=4", progress=stop)
    assert ledger.search("n=4999").hits[0].content == {"n": 4999}


def test_a_reader_searches_beside_the_owner(ledger: Ledger) -> None:
    """A ledger that is opened for reading can be searched while its owner goes on recording."""
    with counterfoil.open(ledger.layout.folder, read_only=True) as reader:
        for at in range(3):
            recorded = ledger.record({"n": at})
            assert [hit.index for hit in reader.search(f"n={at}").hits] == [recorded.index]
