"""The page of one record: what it says, who says so, what it rests on, and its proof, drawn."""

from __future__ import annotations

from html import escape
from typing import Any, Final

import msgspec

from counterfoil.drawing import proof_path
from counterfoil.errors import CounterfoilError
from counterfoil.extras import brings, need
from counterfoil.formats import entry as entries
from counterfoil.formats.entry import StatementEntry
from counterfoil.http.pages.addresses import condition, searched
from counterfoil.http.pages.decided import decided
from counterfoil.http.pages.page import Asked, Page
from counterfoil.http.pages.summaries import shown
from counterfoil.http.pages.surroundings import surroundings
from counterfoil.http.pages.tried import tried
from counterfoil.http.site import Site
from counterfoil.ledger import Ledger, RecordView
from counterfoil.ledger.search.fields import flatten
from counterfoil.log import parse_signed
from counterfoil.ops.records import find_entry
from counterfoil.proofs.merkle import leaf_hash

__all__ = ["PAGES"]

_ROWS_MAX: Final = 300
_VALUE_MAX: Final = 2000
_HEADER: Final = ("on_behalf_of", "audience", "nonce", "corrects", "supersedes")


def _facts(site: Site, asked: Asked) -> dict[str, Any]:
    ledger = site.ledger
    index = find_entry(ledger, str(asked.path["entry"]))
    view = ledger.get(index)
    data = ledger.entry(index)
    address = f"{site.settings.url}/records/{index}"
    proof = _proof(ledger, index, data)
    made = decided(ledger, view) if view.kind == "decision" else None
    return {
        "title": f"{view.kind} {index}" if len(view.kind) < 40 else f"Entry {index}",
        "record": view.to_json(),
        "header": _header(data),
        "fields": _fields(view),
        "personal": [msgspec.to_builtins(one) for one in view.personal],
        "proof": proof,
        "decision": made.facts if made else None,
        "goods": _goods(ledger, index) if view.kind == "supply-event" else None,
        "replaced_by": _replacing(ledger, view.leaf),
        "around": surroundings(ledger, index),
        "address": address,
        "previous": index - 1 if index else None,
        "following": index + 1 if index + 1 < ledger.size else None,
        "_stick": _stick(index, proof),
        "_explained": made.drawing if made else "",
        "_qr": _qr(address),
        "_series": searched(
            condition("source", view.source, header=True),
            condition("issuer", view.issuer, header=True),
        )
        if view.source
        else "",
    }


def _goods(ledger: Ledger, index: int) -> dict[str, Any] | None:
    """Tell the things that a supply chain's event names, where events are understood here."""
    found, _ = tried(lambda: _mentioned(ledger, index))
    return found


def _mentioned(ledger: Ledger, index: int) -> dict[str, Any]:
    with brings("supply"):
        from counterfoil.http.pages.supply.mentioned import mentioned
    return mentioned(ledger, index)


def _header(data: bytes) -> dict[str, Any]:
    """Read what the statement says beside its content: on whose behalf, what it corrects."""
    parsed = entries.parse(data)
    if not isinstance(parsed, StatementEntry):
        return {}
    found: dict[str, Any] = {"predicate_type": parsed.statement.predicate_type}
    said = msgspec.json.decode(parsed.statement.predicate)
    found |= {name: said[name] for name in _HEADER if isinstance(said.get(name), str)}
    found["subjects"] = [
        {"name": one.name, "digest": digest, "algorithm": algorithm}
        for one in parsed.statement.subject
        for algorithm, digest in one.digest.items()
    ]
    return found


def _replacing(ledger: Ledger, leaf: str) -> dict[str, Any] | None:
    """Find the newest entry that corrects or supersedes this one, and which of both it does."""
    found = [
        {"index": hit.index, "how": how}
        for how in ("corrects", "supersedes")
        for hit in ledger.search(f"{how}={leaf}", limit=1).hits
    ]
    return max(found, key=lambda one: int(one["index"]), default=None)


def _fields(view: RecordView) -> list[dict[str, Any]]:
    """Lay the content out: field, its value as text, and the address of all that have it."""
    found = []
    for path, value in flatten(view.content)[:_ROWS_MAX]:
        href = "" if path is None else searched(condition(path, value))
        name = path or "(a long name)"
        leads = f"/find?q={value}" if isinstance(value, str) and _is_hash(value) else ""
        found.append({"field": name, "value": shown(value, _VALUE_MAX), "href": href, "to": leads})
    return found


def _is_hash(text: str) -> bool:
    bare = text.removeprefix("0x")
    return len(bare) == 64 and all(c in "0123456789abcdef" for c in bare)


def _proof(ledger: Ledger, index: int, data: bytes) -> dict[str, Any]:
    """Make the receipt and check it as a reader of this ledger would; says why not, if not."""
    try:
        receipt = ledger.receipt(index)
        checkpoint = parse_signed(receipt.checkpoint.encode())
        found: dict[str, Any] = {
            "size": checkpoint.size,
            "root": checkpoint.root.hex(),
            "leaf": leaf_hash(data).hex(),
            "path": [one.hex() for one in receipt.record.path],
            "anchors": [msgspec.to_builtins(one) for one in receipt.anchors],
            "batch": receipt.batch.signature.index if receipt.batch is not None else None,
        }
    except CounterfoilError as err:
        return {"state": "wait", "code": err.code, "why": err.message}
    try:
        verified = ledger.verify(receipt)
    except CounterfoilError as err:
        return {**found, "state": "bad", "code": err.code, "why": err.message}
    signer = verified.signer
    return {
        **found,
        "state": "ok",
        "grade": verified.grade,
        "signer": {
            "organisation": signer.organisation,
            "keyid": signer.keyid,
            "role": signer.role,
            "signed_at_ms": verified.signed_at_ms,
        },
    }


def _stick(index: int, proof: dict[str, Any]) -> str:
    if "path" not in proof:
        return ""
    hashes = [bytes.fromhex(one) for one in proof["path"]]
    root, leaf = bytes.fromhex(proof["root"]), bytes.fromhex(proof["leaf"])
    return proof_path(index, proof["size"], hashes, state=proof["state"], root=root, leaf=leaf)


def _qr(address: str) -> str:
    """Draw an address as a QR code, black on white whatever the theme: readers need that."""
    made = need("segno", "node").make(address, error="m")
    drawn: str = made.svg_inline(scale=4, omitsize=True, svgclass="qr", lineclass=None)
    named = f'<svg role="img" aria-label="{escape(f"QR code of {address}")}"'
    return drawn.replace("<svg", named, 1)


PAGES: Final = (Page("/records/{entry}", "Record", _facts, "record.html", nav="records"),)
