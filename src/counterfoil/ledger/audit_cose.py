"""Audit signed statements in COSE: each by a key that its log knew where the statement stands.

Whose key counted follows from the entries before, so this is done in order. This module refuses to
ask anything but the entries.
"""

from __future__ import annotations

from counterfoil.errors import CounterfoilError
from counterfoil.formats.signed_statement import SignedStatement
from counterfoil.ledger.index_builder import IndexBuilder
from counterfoil.ledger.issuers import counter_of, issuer_key
from counterfoil.proofs.cose import own_signer, verify_statement
from counterfoil.proofs.keyring import Keyring

__all__ = ["check_in_cose"]


def check_in_cose(
    index: int, said: SignedStatement, keyring: Keyring, builder: IndexBuilder
) -> CounterfoilError | None:
    """Check who signed the statement at `index`; give what is wrong, or None.

    keyring, builder: as of the entries before it.
    """
    try:
        if own_signer(keyring, index, said) is None:
            held = builder.counter(counter_of(said.issuer, said.key))
            verify_statement(said, issuer_key(said.issuer, said.key, held))
    except CounterfoilError as err:
        return err
    return None
