"""Signed statements in words: whose is registered, by which key, and what a receipt leaves open."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from counterfoil.cli import main
from counterfoil.ops import ledgers
from tests.cose_made import VENDOR, Issuer


def test_an_issuer_and_its_statement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By commands alone: trusted, registered, listed, taken away, verified, and ended."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COUNTERFOIL_LEDGER", "shop")
    monkeypatch.setenv("COUNTERFOIL_OUTPUT", "text")
    ledgers.init(Path("shop"), name="shop", organisation="https://shop.example")
    issuer = Issuer()
    public = issuer.private.public_key()
    Path("v.pem").write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    Path("s.cose").write_bytes(issuer.statement())
    capsys.readouterr()

    def say(line: str) -> str:
        assert main(line.split()) == 0
        return capsys.readouterr().out

    assert say("scitt issuers").startswith("no issuers: ")
    assert "added the key in entry 3" in say(f"scitt trust {VENDOR} --key v.pem --kid k1")
    said = say("scitt register s.cose")
    assert "registered as entry 4" in said
    assert f"{VENDOR} about pkg:generic/pump@1.2" in said
    assert "was registered before as entry 4" in say("scitt register s.cose")
    assert f"{VENDOR}  kid:6b31  counts  added in entry 3" in say("scitt issuers")
    say("receipt get 4 --transparent --out t.cose")
    assert "a receipt (cose-statement) of entry 4" in say("receipt show t.cose")
    said = say("verify t.cose --policy shop/policy.txt")
    assert said.startswith("verified: self-witnessed\n")
    assert "not proven: a COSE receipt shows that it was logged, not who signed it" in said
    say("receipt get 4 --out r.json")
    said = say("verify r.json --policy shop/policy.txt")
    assert f"{VENDOR}, key kid:6b31" in said
    assert "revoked the key in entry 5" in say(f"scitt distrust {VENDOR} kid:6b31")
    assert "kid:6b31  revoked in entry 5  added in entry 3" in say("scitt issuers")
