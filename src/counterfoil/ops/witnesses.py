"""Run a witness for others, and say which witnesses a ledger's checkpoints are shown to."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from counterfoil.errors import CounterfoilError, InputError, NotFound, Unavailable
from counterfoil.formats import note as notes
from counterfoil.formats.policy import Policy
from counterfoil.formats.vkey import KeyType, format_vkey, parse_vkey
from counterfoil.ledger import Layout
from counterfoil.ledger.policy_file import read_policy
from counterfoil.ledger.policy_history import change_policy
from counterfoil.log import parse_signed
from counterfoil.ops.place import LedgerFolder, find_ledger
from counterfoil.ops.serving import listen_on, serving, until_signal
from counterfoil.ports import Document, Param, SystemClock
from counterfoil.proofs.signing import NoteSigner
from counterfoil.proofs.trust import OWN_WITNESS, open_note
from counterfoil.storage import KeyFiles, TileFiles
from counterfoil.witness import Witness, WitnessMemory
from counterfoil.witness.app import WitnessApp
from counterfoil.witness.followed import FollowedLogs
from counterfoil.witness.quorum import with_witness

__all__ = [
    "Running",
    "WitnessView",
    "add",
    "establish_witness",
    "key",
    "listing",
    "load_signers",
    "run",
]

_KEY_FILES: Final = {
    "witness": KeyType.COSIGNATURE_ED25519,
    "witness-mldsa44": KeyType.COSIGNATURE_MLDSA44,
}
_MEMORY: Final = "witness.db"

StateFolder = Annotated[
    Path, Param("Folder of the witness's key and memory.", "DIR", holds="machine")
]


@dataclass(frozen=True, slots=True)
class Running:
    """A witness answers. url: its submission prefix. vkeys: its keys. logs: origins it follows."""

    url: str
    name: str
    vkeys: tuple[str, ...]
    logs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WitnessView:
    """A witness of a ledger's policy.

    name: in the policy. own: it is the operator's. size, at_ms: of its cosignature on the
    published checkpoint, by its clock; None where there is none.
    """

    name: str
    vkey: str
    url: str | None
    own: bool
    size: int | None
    at_ms: int | None


def run(
    *,
    state: StateFolder,
    logs: Annotated[
        Path, Param("Policy file whose `log` lines are followed.", "FILE", holds="machine")
    ],
    listen: Annotated[
        str, Param("Where to answer.", "HOST:PORT", holds="machine")
    ] = "127.0.0.1:8421",
    name: Annotated[
        str | None,
        Param("With --init: the witness's name, a URL without scheme; else random.", "NAME"),
    ] = None,
    init: Annotated[bool, Param("Make the key and memory if there is no key yet.")] = False,
    post_quantum: Annotated[bool, Param("With --init: cosign with ML-DSA-44 too.")] = False,
) -> Iterator[Running]:
    """Cosign the checkpoints of other people's logs over HTTP, until a signal.

    The file of logs is read again when it changes. Raises NotFound with code witness.state or
    witness.logs, FatalLogError with code witness.memory-missing or witness.memory-damaged,
    InputError with code witness.name, and as `listen_on`.
    """
    followed = FollowedLogs(logs)
    if init:
        establish_witness(state, name, post_quantum=post_quantum)
    signers = load_signers(state)
    if name is not None and name != signers[0].public.name:
        raise InputError(
            "witness.name",
            f"expected the name of this witness's key, {signers[0].public.name}, found {name!a}",
            hint="A witness's name is part of its key, and stays; leave --name out.",
        )
    memory = WitnessMemory(state / _MEMORY)
    try:
        witness = Witness(memory, signers, followed, SystemClock())
        app, listener = WitnessApp(witness, origins=followed.origins), listen_on(listen)
        with until_signal() as wait, serving(app, listener) as url:
            vkeys = tuple(format_vkey(public) for public in witness.keys)
            yield Running(url, witness.name, vkeys, tuple(followed.origins()))
            wait()
    finally:
        memory.close()


def key(*, state: StateFolder) -> Document:
    """Print a witness's verifier keys, which go into the policies of those who trust it.

    Raises NotFound with code witness.state.
    """
    vkeys = [format_vkey(signer.public) for signer in load_signers(state)]
    text = "".join(f"{vkey}\n" for vkey in vkeys).encode()
    return Document([text], "text/plain; charset=utf-8", {"vkeys": vkeys})


def add(
    url: Annotated[str, Param("The witness's submission prefix, http or https.", "URL")],
    vkey: Annotated[str, Param("Its verifier key, from its operator.", "VKEY")],
    *,
    name: Annotated[
        str | None, Param("What the policy calls it; else the name of its key.", "NAME")
    ] = None,
    ledger: LedgerFolder = None,
) -> WitnessView:
    """Show a ledger's checkpoints to a further witness, from the ledger's next start on.

    It joins the ledger's policy, whose quorum stays more than half; the policy so far is kept
    beside it for the receipts of its time. Raises InputError with code
    witness.url, witness.quorum or one of key.* or policy.*.
    """
    from counterfoil.witness.client import require_url

    layout = Layout(find_ledger(ledger))
    require_url(url)
    public = parse_vkey(vkey)
    policy = with_witness(read_policy(layout), name or public.name, public, url)
    signed = TileFiles(layout.folder).published()
    size = parse_signed(signed).size + 1 if signed is not None else 0
    change_policy(layout, size, policy)
    return _views(layout, policy)[-1]


def listing(*, ledger: LedgerFolder = None) -> Iterator[WitnessView]:
    """List the witnesses of a ledger, and what they have cosigned of what is published."""
    layout = Layout(find_ledger(ledger))
    yield from _views(layout, read_policy(layout))


def _views(layout: Layout, policy: Policy) -> list[WitnessView]:
    size, times = None, dict[bytes, int]()
    signed = TileFiles(layout.folder).published()
    if signed is not None:
        size = parse_signed(signed).size
        for line in notes.parse(signed).signatures:
            one = notes.Note(notes.parse(signed).text, (line,))
            try:
                (verified,) = open_note(one, [witness.key for witness in policy.witnesses])
            except CounterfoilError:
                continue  # the log's own, a stranger's, or one that does not hold
            times[verified.key.public] = verified.time_s or 0
    return [
        WitnessView(
            name=witness.name,
            vkey=format_vkey(witness.key),
            url=witness.url,
            own=witness.name == OWN_WITNESS,
            size=size if witness.key.public in times else None,
            at_ms=times[witness.key.public] * 1000 if witness.key.public in times else None,
        )
        for witness in policy.witnesses
    ]


def load_signers(state: Path) -> Sequence[NoteSigner]:
    """Load a witness's keys. Raises NotFound with code witness.state."""
    keys = KeyFiles(state)
    found = [name for name in _KEY_FILES if (state / f"{name}.key").exists()]
    if "witness" not in found:
        raise NotFound(
            "witness.state",
            f"expected the key of a witness in {state}, found none",
            hint="On its very first run: `counterfoil witness run --init`. If it ran before, bring "
            "its folder back: a new key is a new witness.",
        )
    return [NoteSigner(keys.load(name)) for name in found]


def establish_witness(state: Path, name: str | None, *, post_quantum: bool) -> None:
    """Make a witness's memory and then its key, unless there is a key already.

    Raises InputError with code witness.name for a name with a scheme.
    """
    if (state / "witness.key").exists():
        return
    if name is not None and "://" in name:
        raise InputError(
            "witness.name",
            f"expected a URL without its scheme as the witness's name, found {name!a}",
            hint=f"Name it {name.partition('://')[2]!a}.",
        )
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as err:
        raise Unavailable(
            "witness.state-unwritable",
            f"expected to make {state}, but: {err}",
            hint="Name a folder that can be written.",
        ) from err
    WitnessMemory(state / _MEMORY, create=True).close()
    keys, chosen = KeyFiles(state), name or f"counterfoil.local/witness/{secrets.token_hex(8)}"
    # The Ed25519 key is last: while it is missing, a run that was cut short is begun again.
    for file in reversed(_KEY_FILES) if post_quantum else ["witness"]:
        if file != "witness":
            keys.discard(file)
        keys.create(file, chosen, _KEY_FILES[file])
