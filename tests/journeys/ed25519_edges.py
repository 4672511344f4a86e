"""Ed25519 keys and signatures at the edges, where verifiers disagree.

The curve is written out slowly here, since no library makes what none should accept.
Source: RFC 8032, 5.1; Chalkias, Garillot, Nikolaenko: "Taming the many EdDSAs", 2020.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha512

__all__ = ["edges"]

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
Point = tuple[int, int]
ZERO: Point = (0, 1)


def _x_of(y: int, sign: int) -> int | None:
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P:
        return None
    return P - x if x & 1 != sign else x


def _add(a: Point, b: Point) -> Point:
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + t, P - 2, P)
    return x % P, (y1 * y2 + x1 * x2) * pow(1 - t, P - 2, P) % P


def _times(factor: int, point: Point) -> Point:
    result = ZERO
    while factor:
        if factor & 1:
            result = _add(result, point)
        point = _add(point, point)
        factor >>= 1
    return result


def _point(y: int) -> Point:
    x = _x_of(y, 0)
    assert x is not None
    return x, y


BASE = _point(4 * pow(5, P - 2, P) % P)


def _encode(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


@cache
def _torsion() -> Point:
    """Find a point of order 8."""
    for y in range(2, 100):
        x = _x_of(y, 0)
        if x is not None and _times(4, found := _times(L, (x, y))) != ZERO:
            return found
    raise AssertionError


def _signed(a: int, r: int, turn_a: int, turn_r: int, message: bytes) -> tuple[bytes, bytes]:
    """Sign as the key (a) with points of small order added to key and nonce."""
    torsion = _torsion()
    public = _encode(_add(_times(a, BASE), _times(turn_a, torsion)))
    nonce = _encode(_add(_times(r, BASE), _times(turn_r, torsion)))
    h = int.from_bytes(sha512(nonce + public + message).digest(), "little") % L
    return public, nonce + ((r + h * a) % L).to_bytes(32, "little")


def edges() -> dict[str, tuple[bytes, bytes, bytes]]:
    """Give name -> (public key, message, signature)."""
    found = {}
    for turn_a, turn_r in ((0, 0), (1, 0), (0, 1), (4, 0), (0, 4), (1, 4), (4, 4), (2, 6)):
        for number in range(6):
            message = b"message %d" % number
            public, signature = _signed(11**20, 13**20, turn_a, turn_r, message)
            found[f"turned {turn_a} {turn_r} {number}"] = (public, message, signature)
    public, message, good = found["turned 0 0 0"]
    s = int.from_bytes(good[32:], "little")
    for times in (1, 2, 15):
        found[f"S + {times} L"] = (
            public,
            message,
            good[:32] + (s + times * L).to_bytes(32, "little"),
        )
    found["S = L"] = (public, message, good[:32] + L.to_bytes(32, "little"))
    found["S = 2^256 - 1"] = (public, message, good[:32] + b"\xff" * 32)
    found["a bit of R"] = (public, message, bytes([good[0] ^ 1]) + good[1:])
    found["sign of R"] = (public, message, good[:31] + bytes([good[31] ^ 0x80]) + good[32:])
    found["another message"] = (public, b"x", good)
    found["a short signature"] = (public, message, good[:-1])
    found["a short key"] = (public[:-1], message, good)
    small = {y for n in range(8) for y in (_times(n, _torsion())[1],)}
    for y in sorted(small | {P, P + 1, P - 1, 2**255 - 1}):
        for sign in (0, 1):
            low = (y | sign << 255).to_bytes(32, "little")
            found[f"key of small order {y % 1000} {sign}"] = (low, b"x", low + bytes(32))
            found[f"key {y % 1000} {sign}, base nonce"] = (
                low,
                b"x",
                _encode(BASE) + (1).to_bytes(32, "little"),
            )
            h = int.from_bytes(sha512(low + public + b"x").digest(), "little") * 11**20 % L
            found[f"nonce {y % 1000} {sign}"] = (public, b"x", low + h.to_bytes(32, "little"))
    for y in range(P, P + 19):
        found[f"key written as p + {y - P}"] = (y.to_bytes(32, "little"), message, good)
    return found
