"""Organisations with keys and cards, and the statements that their logs hold: for unit tests."""

from __future__ import annotations

from typing import Any

from counterfoil.formats import predicates
from counterfoil.formats.card import Card
from counterfoil.formats.predicates import Header, Party
from counterfoil.formats.vkey import KeyType
from counterfoil.network.cards import check_card, make_card, party_fields
from counterfoil.network.charter import Charter, Member
from counterfoil.network.membership import Network
from tests.world import key_from

__all__ = ["Logs", "card_of", "member_of", "name_of", "origin_of"]


def name_of(number: int) -> str:
    """Name an organisation."""
    return f"https://org{number}.example"


def origin_of(number: int, log: int = 0) -> str:
    """Name a log of an organisation."""
    return f"log{log}.org{number}.example/1"


def card_of(number: int, *, log: int = 0, witness: int = 0) -> Card:
    """Make an organisation's card, with its log and witness number so and so."""
    seed = f"unit {number}"
    return make_card(
        name_of(number),
        f"Organisation {number}",
        [key_from(seed, origin_of(number, log))],
        key_from(seed, f"w{witness}.org{number}.example", KeyType.COSIGNATURE_ED25519),
        key_from(seed, "producer"),
    )


def member_of(number: int, *, log: int = 0, witness: int = 0) -> Member:
    """Make what its card stands for."""
    return check_card(card_of(number, log=log, witness=witness))


class Logs:
    """What stands in each log, given to a network entry by entry."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._sizes: dict[str, int] = {}

    def say(self, log: str, kind: type[Header], **fields: Any) -> bool:
        """Append a statement to a log, and have the network take it up."""
        index = self._sizes.get(log, 0)
        self._sizes[log] = index + 1
        said = kind(issuer="https://x.example", source="s", number=index, **fields)
        return self.network.take(log, index, said)

    def agree(self, origin: str, charter: Charter, *cards: Card) -> bool:
        """Record a charter after the parties that it names."""
        for card in cards:
            self.say(origin, Party, **party_fields(card))
        return self.say(origin, predicates.Policy, **charter.fields())
