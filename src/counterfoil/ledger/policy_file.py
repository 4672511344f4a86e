"""Read and change a ledger's `policy.txt`: whom its readers trust.

It is a C2SP tlog-policy that the ledger gives away; each reader decides whether to take it. This
module refuses to judge a checkpoint: `proofs.trust` does.
"""

from __future__ import annotations

from typing import Final

from counterfoil.errors import FatalLogError
from counterfoil.formats import policy as policies
from counterfoil.formats.policy import Policy
from counterfoil.ledger.layout import Layout
from counterfoil.ledger.signer import NoteOpener
from counterfoil.storage.folder_copy import replace_file

__all__ = ["format_policy", "opener_of", "own_keys", "read_policy", "replace_policy"]

_HEAD: Final = b"""\
# Whom a reader of this ledger's receipts trusts (C2SP tlog-policy).
# Give this file to your readers by a way that they trust: a receipt cannot vouch for itself.
# The witness named `self`, if any, is run by the ledger's own operator.
"""


def own_keys(layout: Layout, origin: str) -> NoteOpener:
    """Read the log's own verifier keys from its policy file.

    Raises InputError with the codes of `policy.parse`, FatalLogError with code log.policy.
    """
    return opener_of(read_policy(layout), origin)


def opener_of(policy: Policy, origin: str) -> NoteOpener:
    """Take the verifier keys of a log from a policy.

    Raises FatalLogError with code log.policy when it names none.
    """
    keys = [log.key for log in policy.logs if log.key.name == origin]
    if not keys:
        raise FatalLogError(
            "log.policy",
            f"expected a key of {origin} in the policy, found none",
            hint="Restore policy.txt from a copy, or give the policy that names this log.",
        )
    return NoteOpener(keys)


def read_policy(layout: Layout) -> Policy:
    """Read the policy that the ledger gives to its readers.

    Raises FatalLogError with code log.policy when it is not there.
    """
    try:
        return policies.parse(layout.policy.read_bytes())
    except OSError as err:
        raise FatalLogError(
            "log.policy",
            f"expected to read {layout.policy}, but: {err}",
            hint="Restore policy.txt from a copy.",
        ) from err


def format_policy(policy: Policy) -> bytes:
    """Format a policy with a word to those who get it."""
    return _HEAD + policies.format(policy)


def replace_policy(layout: Layout, policy: Policy) -> None:
    """Replace the ledger's policy, atomically and durably.

    Raises Unavailable with code copy.write.
    """
    replace_file(layout.policy, format_policy(policy))
