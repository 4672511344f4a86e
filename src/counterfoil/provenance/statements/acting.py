"""Statements about acting on chains: whose key speaks for decisions, and what governance allows."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from counterfoil.formats.predicates.header import Header, HexDigest, Name, Uri
from counterfoil.provenance.statements.parts import Reference, Text
from counterfoil.units import MAX_SAFE_INTEGER

__all__ = ["Decider", "Governance", "Terms"]

_Address = Annotated[str, msgspec.Meta(pattern=r"\A0x[0-9a-fA-F]{40}\Z")]
_ChainId = Annotated[int, msgspec.Meta(ge=1, le=MAX_SAFE_INTEGER)]
_Wide = Annotated[str, msgspec.Meta(pattern=r"\A(0|[1-9][0-9]{0,77})\Z")]
_Seconds = Annotated[int, msgspec.Meta(ge=0, le=MAX_SAFE_INTEGER)]


class Decider(Header, frozen=True, kw_only=True):
    """Binds an EVM key that signs verdicts to the organisation, by both of their signatures.

    decider: what people call the key. address: of the key, EIP-55. organisation: whom it speaks
    for; whose own signature is that of this statement. proof: 0x and 130 hexadecimal digits, the
    key's EIP-191 signature over `act.deciders.binding_text`. action: `add`, or `revoke` where the
    organisation lets go of it; contracts go by the registry on their chain.
    """

    decider: Name
    address: _Address
    organisation: Uri
    action: Literal["add", "revoke"] = "add"
    proof: Annotated[str, msgspec.Meta(pattern=r"\A0x[0-9a-f]{130}\Z")] | None = None
    why: Text = ""

    def __post_init__(self) -> None:
        if (self.action == "add") != (self.proof is not None):
            raise ValueError("expected a proof with `add`, and only then")


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """On which terms a decider may speak. Times are Unix seconds.

    since_s: verdicts decided earlier do not count; until_s: nor those anchored later. cap: most
    that a verdict can be used for; period_cap, period_count: most that all together can be used
    for, and how many, in `period_s`; in the unit of the consumer's amounts. min_age_s: how long a
    root has been anchored before it counts. veto_window_s: between announcing and using; vetoer:
    who may veto meanwhile. ordered: verdicts count in order only. as_signature: they also count as
    ERC-1271 signatures. by_proof: the decider is a verifier contract. consumer: the only contract
    that may use them; absent for any. Source: `IModelRegistry.vyi`.
    """

    since_s: _Seconds
    until_s: _Seconds
    cap: _Wide
    period_cap: _Wide
    period_count: _Seconds
    period_s: _Seconds
    min_age_s: _Seconds = 0
    veto_window_s: _Seconds = 0
    vetoer: _Address | None = None
    ordered: bool = False
    as_signature: bool = False
    by_proof: bool = False
    consumer: _Address | None = None


class Governance(Header, frozen=True, kw_only=True):
    """Says what a registry's owner or guardian did on a chain, and on what evidence.

    registry: the contract; by: the account that called it. approval: id of the approval that it is
    about; absent where it is about all. decider: the address that may speak, or no longer, for
    `model`, a model, rule or circuit as `maker_kind` says, for the purpose `scope`. terms: of an
    approval. from_s: from when on verdicts no longer count. halted_s: for how long, seconds.
    evidence: the statement that it rests on, such as an evaluation. transaction: on the chain, in
    `block`.
    """

    action: Literal["approve", "revoke", "halt", "resume"]
    chain_id: _ChainId
    registry: _Address
    by: _Address
    approval: HexDigest | None = None
    decider: _Address | None = None
    maker_kind: Literal["model", "rule", "circuit"] | None = None
    model: Reference | None = None
    scope: Name | None = None
    terms: Terms | None = None
    from_s: _Wide | None = None
    halted_s: _Seconds | None = None
    evidence: Reference | None = None
    transaction: Annotated[str, msgspec.Meta(pattern=r"\A0x[0-9a-f]{64}\Z")]
    block: _Seconds
    why: Text = ""
