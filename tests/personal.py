"""Ledgers with people in them, and a look at every byte that is on disk about them."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path

from counterfoil.ledger import Ledger
from counterfoil.ledger.people import Personal

__all__ = ["found_on_disk", "record_person"]


def record_person(ledger: Ledger, person: str, name: str, **place: object) -> int:
    """Record an order with a person's name and mail sealed; its index."""
    content = {"amount_minor": 1250, "customer": {"name": name, "mail": f"{name}@mail.example"}}
    contact = Personal(person, "contact")
    personal = {"customer.name": contact, "customer.mail": contact}
    return ledger.record(content, personal=personal, **place).index  # type: ignore[arg-type]  # source, number


def found_on_disk(folders: Iterable[Path], *needles: bytes) -> list[str]:
    """Search every byte of every file for needles, as they are, in hexadecimal and in base64."""
    wanted = set()
    for needle in needles:
        wanted |= {needle, needle.hex().encode()}
        for shift in range(3):  # base64 text of the middle of something longer
            text = base64.b64encode(b"\0" * shift + needle)[shift and 4 : -4]
            wanted |= {text, text.replace(b"+", b"-").replace(b"/", b"_")}
    return [
        f"{needle!r} in {path}"
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for data in [path.read_bytes()]
        for needle in wanted
        if needle in data
    ]
