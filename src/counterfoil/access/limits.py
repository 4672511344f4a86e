"""Token buckets and the work in flight: what a client may ask for now, in bounded memory.

Buckets of those who have not come for longest are forgotten first, and a forgotten bucket is a full
one: who comes from very many addresses is met by the bound of what is in flight, not by a bucket.
This module refuses to sleep: it tells when to ask again.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from types import TracebackType
from typing import Final

from counterfoil.errors import TooMany

__all__ = ["Admission", "Buckets", "InFlight", "Limits", "Rate", "address_group"]

_SHARE: Final = 4


@dataclass(frozen=True, slots=True)
class Rate:
    """per_s: how many a second, in the long run. burst: how many at once."""

    per_s: float
    burst: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What a node allows where a key says nothing.

    requests: of one key. failures: of one address that shows what does not count. anonymous: of
    one address that shows nothing. in_flight, in_flight_bytes: at once, of all; those who show
    nothing have a quarter of it.
    """

    requests: Rate = field(default=Rate(5_000.0, 10_000))
    failures: Rate = field(default=Rate(0.2, 20))
    anonymous: Rate = field(default=Rate(300.0, 1_000))
    in_flight: int = 256
    in_flight_bytes: int = 256 << 20


class Buckets:
    """A token bucket for each name, the newest `most` of them. Safe for threads.

    clock: seconds that only grow.
    """

    def __init__(self, most: int = 10_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = most, clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._levels)

    def take(self, name: str, rate: Rate, amount: float = 1.0) -> float:
        """Take from a bucket: 0.0 when there was enough, else seconds until there is.

        Nothing is taken where there is not enough. More than the burst at once needs a full
        bucket and leaves it owing.
        """
        with self._lock:
            now = self._clock()
            level = self._level(name, rate, now)
            needed = min(amount, rate.burst)
            if level < needed:
                self._keep(name, level, now)
                return (needed - level) / rate.per_s
            self._keep(name, level - amount, now)
            return 0.0

    def _level(self, name: str, rate: Rate, now: float) -> float:
        level, at = self._levels.get(name, (float(rate.burst), now))
        return min(float(rate.burst), level + (now - at) * rate.per_s)

    def _keep(self, name: str, level: float, now: float) -> None:
        self._levels[name] = (level, now)
        self._levels.move_to_end(name)
        while len(self._levels) > self._most:
            self._levels.popitem(last=False)


class InFlight:
    """How much work is under way at once, by count and by bytes. Safe for threads.

    Strangers, who show no key, have a quarter of it: they leave room for those who do.
    """

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._count = self._bytes = 0
        self._strangers = self._strangers_bytes = 0
        self._lock = threading.Lock()

    @property
    def count(self) -> int:
        """How many requests are under way."""
        return self._count

    @property
    def full(self) -> bool:
        """Whether no more requests find room now."""
        return self._count >= self._most

    def enter(self, size: int, *, stranger: bool = False) -> Admission:
        """Count a request in; leave the admission when it is answered.

        size: bytes that it holds in memory. Raises TooMany with code access.busy.
        """
        with self._lock:
            if self._count >= self._most or not self._holds(size, self._count):
                raise self._busy()
            if stranger and (
                self._strangers >= max(1, self._most // _SHARE)
                or not self._holds_of_strangers(size, self._strangers)
            ):
                raise self._busy()
            self._count += 1
            self._bytes += size
            if stranger:
                self._strangers += 1
                self._strangers_bytes += size
        return Admission(self, size, stranger=stranger)

    def _holds(self, more: int, others: int) -> bool:
        return self._bytes + more <= self._most_bytes or others == 0

    def _holds_of_strangers(self, more: int, others: int) -> bool:
        return self._strangers_bytes + more <= self._most_bytes // _SHARE or others == 0

    def _grow(self, more: int, stranger: bool) -> None:
        with self._lock:
            if not self._holds(more, self._count - 1):
                raise self._busy()
            if stranger and not self._holds_of_strangers(more, self._strangers - 1):
                raise self._busy()
            self._bytes += more
            self._strangers_bytes += more if stranger else 0

    def _leave(self, size: int, stranger: bool) -> None:
        with self._lock:
            self._count -= 1
            self._bytes -= size
            if stranger:
                self._strangers -= 1
                self._strangers_bytes -= size

    def _busy(self) -> TooMany:
        return _busy(self._most, self._most_bytes)


class Admission:
    """A request that was let in; a context manager, left once."""

    def __init__(self, flight: InFlight, size: int, *, stranger: bool) -> None:
        self._flight, self._size, self._left = flight, size, False
        self._stranger = stranger

    def grow(self, size: int) -> None:
        """Count it as `size` bytes, where it brought more than it said. Raises as `enter`."""
        if size > self._size and not self._left:
            self._flight._grow(size - self._size, self._stranger)
            self._size = size

    def leave(self) -> None:
        """Count it out; again does nothing."""
        if not self._left:
            self._left = True
            self._flight._leave(self._size, self._stranger)

    def __enter__(self) -> Admission:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.leave()


def _busy(most: int, most_bytes: int) -> TooMany:
    return TooMany(
        "access.busy",
        f"expected at most {most} requests and {most_bytes} bytes at once, found more",
        hint="Nothing was stored: send it again after the pause that was told.",
        retry_after_s=1.0,
    )


def address_group(address: str) -> str:
    """Give what stands for an address in limits: an IPv6 /64 is one place, others are themselves.

    >>> address_group("2001:db8::1:2:3"), address_group("192.0.2.1"), address_group("?")
    ('2001:db8::/64', '192.0.2.1', '?')
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
    return str(parsed)
