"""Have it on record who was not let in: gathered in bounded memory, one statement in some seconds.

While refusals go on and on statements come less and less often, down to one in five minutes, so
that nobody without a key can fill the disk with them. Alike requests are one line with a count;
beyond the bound only counts by code are kept, so that a flood of bad requests can neither fill the
log nor hide in it. What was gathered since the last statement is lost in a crash. This module
refuses to keep whole addresses, secrets, and text that could be read as lines of its own.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any, Final

from counterfoil.errors import FatalLogError
from counterfoil.ports import Clock

__all__ = ["EVERY_MS", "SELDOM_MS", "Refusal", "RefusalLog", "network_of", "visible"]

EVERY_MS: Final = 5_000
"""Shortest time between two statements, ms."""

SELDOM_MS: Final = 320_000
"""Longest time between two statements while something is refused, ms."""

_AT_ONCE: Final = 12  # statements, before they come less often

_GROUPS_MAX: Final = 128
_TEXT_MAX: Final = 120


@dataclass(frozen=True, slots=True)
class Refusal:
    """Somebody was not let in. code: of the error. key_id: who asked, where that is known.

    what: was asked for: words of an operation, or a path.
    """

    code: str
    address: str
    key_id: str = ""
    what: str = ""


@dataclass(slots=True)
class _Group:
    count: int
    first_ms: int
    last_ms: int


class RefusalLog:
    """Gathers refusals. Safe for threads.

    record: writes a statement, given its fields, and waits until it is durable.
    """

    def __init__(self, record: Callable[[dict[str, Any]], object], clock: Clock) -> None:
        self._record, self._clock = record, clock
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._groups: dict[tuple[str, str, str, str], _Group] = {}
        self._more: Counter[str] = Counter()
        self._since_ms = clock.now_ms()
        self._written_ms = 0
        self._every_ms, self._running = EVERY_MS, 0

    @property
    def waiting(self) -> int:
        """How many refusals are not on record yet."""
        with self._lock:
            return sum(group.count for group in self._groups.values()) + self._more.total()

    def __call__(self, refusal: Refusal) -> None:
        """Take one down; quick, and never fails."""
        now = self._clock.now_ms()
        network = network_of(refusal.address)
        key = (refusal.code, network, visible(refusal.key_id), visible(refusal.what))
        with self._lock:
            group = self._groups.get(key)
            if group is not None:
                group.count += 1
                group.last_ms = max(now, group.last_ms)
            elif len(self._groups) < _GROUPS_MAX:
                self._groups[key] = _Group(1, now, now)
            else:
                self._more[refusal.code] += 1

    def flush(self, *, now: bool = False) -> bool:
        """Record what waits, if it is time; gives whether anything was recorded.

        now: whatever the time. Where it cannot be recorded it waits on, in the same bounds. Raises
        as `record` does.
        """
        with self._writing:
            at_ms = self._clock.now_ms()
            if not now and 0 <= at_ms - self._written_ms < self._every_ms:
                return False
            with self._lock:
                groups, more, since = self._groups, self._more, self._since_ms
                if not groups and not more:
                    self._since_ms = at_ms
                    return False
                self._groups, self._more, self._since_ms = {}, Counter(), at_ms
            try:
                self._record(_fields(groups, more, since, at_ms))
            except FatalLogError:
                raise  # whether it is on record is unknown, and the log goes no further
            except Exception:
                self._put_back(groups, more, since)
                raise
            self._pace(at_ms)
            return True

    def _pace(self, at_ms: int) -> None:
        """Wait twice as long each time while it goes on; begin anew after as long a calm."""
        if at_ms - self._written_ms >= 2 * self._every_ms:
            self._every_ms, self._running = EVERY_MS, 0
        self._running += 1
        if self._running > _AT_ONCE:
            self._every_ms = min(SELDOM_MS, 2 * self._every_ms)
        self._written_ms = at_ms

    def _put_back(
        self,
        groups: dict[tuple[str, str, str, str], _Group],
        more: Counter[str],
        since_ms: int,
    ) -> None:
        with self._lock:
            for key, group in self._groups.items():
                held = groups.get(key)
                if held is not None:
                    held.count += group.count
                    held.last_ms = group.last_ms
                elif len(groups) < _GROUPS_MAX:
                    groups[key] = group
                else:
                    more[key[0]] += group.count
            more.update(self._more)
            self._groups, self._more, self._since_ms = groups, more, since_ms


def network_of(address: str) -> str:
    """Give the network of an address, which names no person: /24 of IPv4, /48 of IPv6.

    >>> network_of("192.0.2.77"), network_of("2001:db8:1:2::3"), network_of("nonsense")
    ('192.0.2.0/24', '2001:db8:1::/48', 'unknown')
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    mapped = getattr(parsed, "ipv4_mapped", None)
    parsed = parsed if mapped is None else mapped
    return str(ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False))


def visible(text: str) -> str:
    r"""Write text that a stranger sent so that it is one line, and short.

    >>> visible("a\nrefused: nobody\x1b[2J")
    'a\\nrefused: nobody\\x1b[2J'
    """
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[:_TEXT_MAX])
    return shown[:_TEXT_MAX]


def _fields(
    groups: dict[tuple[str, str, str, str], _Group],
    more: Counter[str],
    since_ms: int,
    until_ms: int,
) -> dict[str, Any]:
    refused = []
    for (code, network, key, what), group in groups.items():
        one: dict[str, Any] = {
            "code": code,
            "network": network,
            "count": group.count,
            "first_ms": group.first_ms,
            "last_ms": group.last_ms,
        }
        refused.append(one | ({"key": key} if key else {}) | ({"what": what} if what else {}))
    fields: dict[str, Any] = {
        "since_ms": min(since_ms, until_ms),
        "until_ms": until_ms,
        "refused": refused,
    }
    return fields | ({"more": dict(more)} if more else {})
