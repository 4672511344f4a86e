"""Recover who signed a digest with an EVM account's key, with nothing installed.

ECDSA on the curve secp256k1. Only public values are handled, so that nothing here has to take the
same time for all inputs; this module refuses private keys: `chain.accounts` signs. About 5 ms.
Source: SEC 1, 4.1.6 (recovery); SEC 2, 2.4.1 (the curve); EIP-2 (low s); the EVM's `ecrecover`.
"""

from __future__ import annotations

from typing import Final

from counterfoil.errors import VerificationError
from counterfoil.formats.keccak import keccak256

__all__ = ["SIGNATURE_BYTES", "recover_address"]

SIGNATURE_BYTES: Final = 65
"""r, s and v of an account's signature."""

_P: Final = 2**256 - 2**32 - 977
_N: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_G: Final = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)
_V: Final = (27, 28)

_Point = tuple[int, int, int]
"""Jacobian coordinates: x / z^2 and y / z^3; nowhere (the point at infinity) where z is 0."""

_NOWHERE: Final = (0, 1, 0)


def recover_address(digest: bytes, signature: bytes) -> bytes:
    """Recover the address, 20 bytes, of the account that signed a digest.

    digest: 32 bytes. signature: 65 bytes, r, s and v. It has one form only: v 27 or 28, and s at
    most half the group's order, since otherwise a second one would be as good.
    Raises VerificationError with code signature.account for another form, or one of nobody.
    """
    if len(signature) != SIGNATURE_BYTES or signature[64] not in _V:
        raise _nobody("65 bytes that end with 27 or 28")
    r, s = (int.from_bytes(signature[at : at + 32], "big") for at in (0, 32))
    if not 0 < r < _N or not 0 < s <= _N // 2:
        raise _nobody("r and s inside the group, and s in its lower half")
    y = pow(r**3 + 7, (_P + 1) // 4, _P)
    if y * y % _P != (r**3 + 7) % _P:
        raise _nobody("r to be on the curve")
    if y & 1 != signature[64] - 27:
        y = _P - y
    inverse = pow(r, -1, _N)
    found = _sum_of_products(
        -int.from_bytes(digest, "big") * inverse % _N, _G, s * inverse % _N, (r, y)
    )
    if found[2] == 0:
        raise _nobody("a point of a key")
    z = pow(found[2], -1, _P)
    x, y = found[0] * z * z % _P, found[1] * z * z * z % _P
    return keccak256(x.to_bytes(32, "big") + y.to_bytes(32, "big"))[12:]


def _nobody(expected: str) -> VerificationError:
    return VerificationError(
        "signature.account",
        f"expected an account's signature, {expected}, found another",
        hint="Sign again; each signature has one form only.",
    )


def _sum_of_products(a: int, p: tuple[int, int], b: int, q: tuple[int, int]) -> _Point:
    """Compute a p + b q, by doubling once for both."""
    one, two = (*p, 1), (*q, 1)
    terms = (_NOWHERE, one, two, _add(one, two))
    found: _Point = _NOWHERE
    for bit in range(255, -1, -1):
        found = _double(found)
        found = _add(found, terms[(a >> bit & 1) | (b >> bit & 1) << 1])
    return found


def _double(p: _Point) -> _Point:
    x, y, z = p
    if z == 0:
        return _NOWHERE
    y2 = y * y % _P
    s, m = 4 * x * y2 % _P, 3 * x * x % _P
    x3 = (m * m - 2 * s) % _P
    return x3, (m * (s - x3) - 8 * y2 * y2) % _P, 2 * y * z % _P


def _add(p: _Point, q: _Point) -> _Point:
    if p[2] == 0 or q[2] == 0:
        return q if p[2] == 0 else p
    z1, z2 = p[2] * p[2] % _P, q[2] * q[2] % _P
    u1, u2 = p[0] * z2 % _P, q[0] * z1 % _P
    s1, s2 = p[1] * z2 * q[2] % _P, q[1] * z1 * p[2] % _P
    h, r = (u2 - u1) % _P, (s2 - s1) % _P
    if h == 0:
        return _double(p) if r == 0 else _NOWHERE
    h2 = h * h % _P
    h3, v = h * h2 % _P, u1 * h2 % _P
    x = (r * r - h3 - 2 * v) % _P
    return x, (r * (v - x) - s1 * h3) % _P, h * p[2] * q[2] % _P
