"""Ledgers of several organisations found a network, let others in, and go by what is in force."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from counterfoil.errors import NotFound, Refused, VerificationError
from counterfoil.formats import card as cards
from counterfoil.formats import note as notes
from counterfoil.formats import proposal as proposals
from counterfoil.formats.card import Card
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.note import Note
from counterfoil.formats.proposal import Proposal
from counterfoil.formats.vkey import KeyType, SigningKey
from counterfoil.ledger import Ledger, create_ledger, open_ledger
from counterfoil.ledger.policy_history import policy_at, policy_sizes
from counterfoil.log import LogReader
from counterfoil.network import seat
from counterfoil.network.cards import Addresses
from counterfoil.network.membership import Network
from counterfoil.ports import SystemClock
from counterfoil.proofs.signing import note_signature
from counterfoil.proofs.verify import verify_receipt
from counterfoil.storage import KeyFiles, TileFiles
from tests.ledgers import set_setting
from tests.log_rig import raises_code


class Watched(LogReader):
    """A copy of a log whose published checkpoint these witnesses cosigned."""

    def __init__(self, folder: Path, witnesses: list[SigningKey]) -> None:
        super().__init__(TileFiles(folder))
        self._witnesses = witnesses

    def published(self) -> tuple[Checkpoint, bytes]:
        tree, signed = super().published()
        opened = notes.parse(signed)
        made = [note_signature(key, opened.text, 1_700_000_000) for key in self._witnesses]
        return tree, notes.format(Note(opened.text, (*opened.signatures, *made)))


class House:
    """An organisation: its ledger, open, and the folder of its witness."""

    def __init__(self, parent: Path, name: str) -> None:
        self.name, self.folder, self.state = f"https://{name}.example", parent / name, parent / "w"
        self.state /= name
        create_ledger(self.folder, SystemClock(), name=name, organisation=self.name, witness=False)
        set_setting(self.folder, "publish_interval_s", "0.01")
        witness = f"w.{name}.example"
        self.witness = KeyFiles(self.state).create("witness", witness, KeyType.COSIGNATURE_ED25519)
        self.ledger: Ledger = open_ledger(self.folder)

    def card(self) -> Card:
        url = self.name
        made = seat.write_card(self.ledger, self.state, Addresses(url, f"{url}/witness", url))
        return cards.parse(cards.format(made))

    def network(self, *others: House) -> Network:
        """Open the network from the copies of the others, which everybody has cosigned."""
        witnesses = [one.witness for one in (self, *others)]
        for one in others:
            one.ledger.publish()
        copies = {one.ledger.origin: Watched(one.folder, witnesses) for one in others}
        return seat.open_network(self.ledger, copies)


@pytest.fixture
def houses(tmp_path: Path) -> Iterator[list[House]]:
    """Give three organisations, the first two of which have founded a network."""
    made = [House(tmp_path, name) for name in ("bank", "farm", "mill")]
    founding = passed_on(seat.propose_founding([one.card() for one in made[:2]], "to begin"))
    for one in made[:2]:
        seat.join(one.ledger, founding)
    yield made
    for one in made:
        one.ledger.close()


def passed_on(proposal: Proposal) -> Proposal:
    """Send a proposal as a file."""
    return proposals.parse(proposals.format(proposal))


def test_founders_take_each_others_witness_into_their_policy(houses: list[House]) -> None:
    """A founded network gives each ledger its quorum, its peers, and a history of policies."""
    bank, farm, _ = houses
    policy = bank.ledger.policy
    assert [witness.name for witness in policy.witnesses] == ["self", farm.name]
    assert policy.quorum == "quorum"
    assert [group.threshold for group in policy.groups] == [1, 2]
    assert policy_sizes(bank.ledger.layout)[0] == 0
    assert (bank.folder / "peers" / "farm-example.txt").is_file()
    assert bank.network(farm).charter == farm.network(bank).charter


def test_an_applicant_is_admitted_by_more_than_half(houses: list[House]) -> None:
    """The applicant records first, then the members; who asked last goes by it like the others."""
    bank, farm, mill = houses
    invitation = passed_on(seat.propose_member(bank.network(farm), mill.card(), "new"))
    with raises_code("network.not-ready", Refused):
        seat.agree(bank.ledger, bank.network(farm), invitation)
    seat.join(mill.ledger, invitation)
    seat.agree(bank.ledger, bank.network(farm, mill), invitation)
    assert len(bank.network(farm, mill).history) == 1, "one of two is not more than half"
    seat.agree(farm.ledger, farm.network(bank, mill), invitation)
    for one, others in ((bank, (farm, mill)), (farm, (bank, mill)), (mill, (bank, farm))):
        network = one.network(*others)
        assert network.charter.organisations == (bank.name, farm.name, mill.name)
        seat.catch_up(one.ledger, network)
        assert len(one.ledger.policy.witnesses) == 3
        assert len(seat.charters_kept(one.ledger.layout)) == 2
        assert seat.catch_up(one.ledger, one.network(*others)) == []


def test_a_member_speaks_once_and_only_to_what_is_awaited(houses: list[House]) -> None:
    """A second voice on one change is refused, and so is a proposal that came too late."""
    bank, farm, mill = houses
    network = bank.network(farm)
    leave = passed_on(seat.propose_without(network, farm.name))
    other = passed_on(seat.propose_without(network, bank.name))
    seat.agree(bank.ledger, network, leave)
    with raises_code("network.voiced", Refused):
        seat.agree(bank.ledger, network, other)
    seat.agree(farm.ledger, farm.network(bank), leave)
    with raises_code("network.outdated", Refused):
        seat.agree(bank.ledger, bank.network(farm), leave)
    with raises_code("network.seated", Refused):
        seat.join(bank.ledger, leave)
    with raises_code("network.not-named", Refused):
        seat.join(mill.ledger, leave)
    with raises_code("network.none", NotFound):
        seat.open_network(mill.ledger)


def test_old_receipts_verify_under_the_policy_of_their_time(houses: list[House]) -> None:
    """After a member left, what it cosigned still counts for what was recorded with it."""
    bank, farm, _ = houses
    place = bank.ledger.record({"payment": 1})
    bank.ledger.publish()
    tree, signed = Watched(bank.folder, [bank.witness, farm.witness]).published()
    receipt = bank.ledger.receipt(place.index)
    old = type(receipt)(checkpoint=signed.decode(), record=receipt.record, keys=receipt.keys)
    leave = passed_on(seat.propose_without(bank.network(farm), farm.name))
    for one, other in ((bank, farm), (farm, bank)):
        seat.agree(one.ledger, one.network(other), leave)
    seat.catch_up(bank.ledger, bank.network(farm))
    assert [witness.name for witness in bank.ledger.policy.witnesses] == ["self"]
    proven = verify_receipt(old, policy_at(bank.ledger.layout, tree.size))
    assert proven.grade == "witnessed 1 of 1"
    assert not (bank.folder / "peers" / "farm-example.txt").exists()


def test_a_borrowed_key_is_refused(houses: list[House]) -> None:
    """Nobody lists another's witness key as its own: the key has not signed for that."""
    bank, _, mill = houses
    theirs, mine = bank.card(), mill.card()
    borrowed = Card(
        organisation=mine.organisation,
        name=mine.name,
        log=mine.log,
        witness=theirs.witness,
        keys=(mine.keys[0], theirs.keys[1], mine.keys[2]),
    )
    with pytest.raises(VerificationError):
        seat.propose_founding([borrowed])


def test_a_frozen_log_records_nothing_more(houses: list[House]) -> None:
    """`log-frozen` about the ledger itself is its last entry, for every way of recording."""
    mill = houses[2].ledger
    mill.publish()
    tree = LogReader(TileFiles(mill.layout.folder)).published()[0]
    fields = {"origin": mill.origin, "size": tree.size, "root": tree.root.hex()}
    with raises_code("record.expect-reserved"):
        mill.record({"n": 0}, expect={"log/frozen": (None, "x")})
    mill.record_statement("log-frozen", {**fields, "successor": "next.example/7"})
    size = mill.size
    for write in (
        lambda: mill.record({"n": 1}),
        lambda: mill.record_many([{"n": 1}]),
        lambda: mill.record_statement("log-frozen", fields),
        lambda: mill.key_admin.rotate("too late"),
    ):
        with raises_code("log.frozen", Refused) as caught:
            write()
        assert "next.example/7" in caught.value.hint
    assert mill.size == size
