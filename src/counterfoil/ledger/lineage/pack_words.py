"""The README of an evidence pack: what is proven, what is not, and how to check it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from counterfoil.provenance.lineage import Trace

__all__ = ["readme", "subject_of"]

_WORDS: Final = """An evidence pack of {origin}
{about}: {statements} statements{cut}.

What is in it
  statements/      what each entry of the log says; sealed personal data stays sealed
  receipts/        the proof of each: entry, path of hashes, signed checkpoint
  trace.json       the statements as a graph: which one points at which, and with which field
  prov.json        the same graph as W3C PROV-JSON
  checks.json      checks and refusals among the statements, in one list
  evaluations.json evaluations among them
  datasets.json    data sets among them, with their fingerprints
  policy.txt       whom the sender says to trust
  manifest.json    the SHA-256 of every other file

Check it, offline, with a policy that you got from somebody whom you trust:

  counterfoil evidence check PACK --policy POLICY

What is proven, where that holds
  - Each statement was signed by a key that its organisation had in force, and stands in the log
    at the place that its file is named by.
  - Nobody changed a statement since the checkpoint of its receipt was signed; as far as your
    policy asks for witnesses, not the log's operator either.
  - Each file that is made from the statements, and each tie in trace.json, follows from them.

What is not proven
  - That a statement is true. It says what its signer said.
  - That nothing is missing. The sender chose what to pack, and what was never recorded is
    nowhere. Whoever has the log, or a mirror of it, can make the same pack and compare.
  - When things happened. Times are by the signers' clocks; witnesses' times are on checkpoints.
  - Anything said by policy.txt, or by this README: they are the sender's words.

The EU AI Act, Regulation (EU) 2024/1689, in short
  - Article 12 asks that high-risk systems can log events automatically. It does not ask for
    evidence of tampering: this pack gives more than it asks there. Whether the events that were
    recorded are those that article 12(2) means is for the provider to judge.
  - Articles 19 and 26(6) ask that logs are kept, at least six months. A pack shows that these
    statements were kept until now, and nothing about later or about what is not in it.
  - Articles 72 and 73 ask for monitoring and for reports of serious incidents. Statements can
    be their material. A pack is no plan, no analysis and no report.
  - No log makes a system lawful. This is no legal advice.
"""


def readme(trace: Trace, about: Mapping[str, Any], files: Mapping[str, bytes]) -> str:
    """Write the README of a pack. about: as in the manifest. files: those of the pack so far."""
    statements = sum(name.startswith("receipts/") for name in files)
    cut = "" if trace.complete else "; the trace was cut, and trace.json marks where"
    return _WORDS.format(
        origin=trace.origin, about=subject_of(about), statements=f"{statements:,}", cut=cut
    )


def subject_of(about: Mapping[str, Any]) -> str:
    """Say what a pack is about, in words."""
    if "index" in about:
        return f"About {about.get('kind', 'entry')} {about['index']}, what led to it and came of it"
    first, until = about.get("from"), about.get("until")
    return f"The period from {first or 'the first entry'} until {until or 'the last entry'}"
