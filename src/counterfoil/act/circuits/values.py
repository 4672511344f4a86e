"""Read the public values of a proof: score, outcome, and what a verdict's words must be.

The same rules as `contracts/circuit_verifier.vy`, in whole numbers. Public values are elements of
the scalar field of BN254: first those of the inputs (none, their Poseidon hash, or all of them),
then the score. This module refuses to check a proof.
Source: `contracts/circuit_verifier.vy`; Solidity ABI specification (dynamic types).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext
from typing import Final

from counterfoil.errors import InputError
from counterfoil.formats.keccak import keccak256

__all__ = [
    "FIELD",
    "INPUTS_MAX",
    "nonce_of",
    "score_text",
    "signed",
    "subject_of_inputs",
    "threshold_units",
]

FIELD: Final = 21888242871839275222246405745257275088548364400416034343698204186575808495617
"""Order of the scalar field of BN254; greater than all public values."""

INPUTS_MAX: Final = 64
"""Most public values of inputs."""

_DIGITS: Final = 120


def signed(value: int) -> int:
    """Read a field element as a signed number: the upper half stands for negative ones."""
    return value - FIELD if value > FIELD // 2 else value


def nonce_of(values: Sequence[int]) -> bytes:
    """Make the nonce that a proof allows: Keccak-256 of its public values as `uint256[]`."""
    return keccak256(_array(values))


def subject_of_inputs(values: Sequence[int]) -> bytes | None:
    """Make the subject that a proof allows, of the values before the score; None without any."""
    return keccak256(_array(values[:-1])) if len(values) > 1 else None


def score_text(value: int, scale: int) -> str:
    """Write a score exactly, as decimal text: a field element in units of 2^-scale."""
    with localcontext(prec=_DIGITS):
        exact = Decimal(signed(value)) / Decimal(1 << scale)
        text = f"{exact:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def threshold_units(threshold: str, scale: int) -> int:
    """Turn a threshold into the first score that reaches it, in units of 2^-scale.

    threshold: decimal text. Raises InputError with code circuit.threshold.
    """
    try:
        with localcontext(prec=_DIGITS):
            units = int((Decimal(threshold) * (1 << scale)).to_integral_value("ROUND_CEILING"))
    except (ArithmeticError, ValueError) as err:
        raise _no_threshold(threshold) from err
    if abs(units) >= 1 << 127:
        raise _no_threshold(threshold)
    return units


def _array(values: Sequence[int]) -> bytes:
    words = (32, len(values), *values)
    return b"".join(word.to_bytes(32, "big") for word in words)


def _no_threshold(text: str) -> InputError:
    return InputError(
        "circuit.threshold",
        f"expected a number as the threshold, found {text[:40]!a}",
        hint="For example 0.5.",
    )
