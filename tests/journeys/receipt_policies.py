"""Checkpoints and policies of every form, right and wrong."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from counterfoil.formats.ascii import decode_base64, encode_base64
from tests.c2sp import secret, witness
from tests.journeys.receipt_builder import LOG_PQ, WITNESSES, log_policy, story, witness_policy
from tests.journeys.receipt_corpus import NOW, Case, case
from tests.statements import ORIGIN

__all__ = ["mldsa", "notes", "policies", "signers"]


def _resized(line: str, change: int) -> str:
    """Give a signature line whose signature is cut or filled up."""
    head, _, encoded = line.strip().rpartition(" ")
    raw = decode_base64(encoded)
    raw = raw[:change] if change < 0 else raw + bytes(change)
    return f"{head} {encode_base64(raw)}\n"


def notes() -> Iterator[Case]:
    """Checkpoints whose text or signatures are changed."""
    log, index = story()["record"]
    good = log.receipt(index, *WITNESSES[:2])
    text = good.checkpoint
    body, _, tail = text.partition("\n\n")
    lines = tail.splitlines(keepends=True)
    first_lines, _, _ = body.rpartition("\n")
    rest = text.partition("\n")[2]
    forms = {
        "no blank line": text.replace("\n\n", "\n"),
        "two blank lines": text.replace("\n\n", "\n\n\n"),
        "no signature": body + "\n\n",
        "no end": text[:-1],
        "a carriage return": text.replace("\n", "\r\n"),
        "a tab": text.replace("/", "\t", 1),
        "an extension": text.replace("\n\n", "\nmore\n\n"),
        "a line less": first_lines + "\n\n" + tail,
        "a leading zero": text.replace("\n20\n", "\n020\n"),
        "a plus": text.replace("\n20\n", "\n+20\n"),
        "Arabic digits": text.replace("\n20\n", "\n\u0662\u0660\n"),
        "size 0": text.replace("\n20\n", "\n0\n"),
        "the empty tree": f"{ORIGIN}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n{tail}",
        "size 2^63": text.replace("\n20\n", "\n9223372036854775808\n"),
        "size 2^63-1": text.replace("\n20\n", "\n9223372036854775807\n"),
        "size of 40 digits": text.replace("\n20\n", f"\n{10**39}\n"),
        "a short root": first_lines + "\nAAAA\n\n" + tail,
        "a loose root": text.replace("=\n\n", "\n\n"),
        "another origin": text.replace(ORIGIN, "log.example/other"),
        "no origin": "\n" + rest,
        "a long origin": "a" * 256 + "\n" + rest,
        "the log last": body + "\n\n" + "".join(lines[::-1]),
        "the log twice": body + "\n\n" + lines[0] + tail,
        "the log missing": body + "\n\n" + "".join(lines[1:]),
        "witnesses only": body + "\n\n" + lines[1],
        "a witness twice": text + lines[1],
        "64 lines": body + "\n\n" + lines[0] + lines[1] * 63,
        "65 lines": body + "\n\n" + lines[0] + lines[1] * 64,
        "a hyphen": text.replace("\u2014 ", "- ", 1),
        "two spaces": text.replace("\u2014 ", "\u2014  ", 1),
        "no name": text.replace(f"\u2014 {ORIGIN} ", "\u2014  ", 1),
        "a plus in a name": text.replace("\u2014 w1", "\u2014 w+1", 1),
        "a no-break space in a name": text.replace("\u2014 w1", "\u2014 w\u00a01", 1),
        "a delete character in a name": text.replace("\u2014 w1", "\u2014 w\x7f1", 1),
        "no padding": text.replace("=\n", "\n", 3),
        "four bytes": text + "\u2014 x AAAAAA==\n",
        "five bytes": text + "\u2014 x AAAAAAA=\n",
        "a byte-order mark": "\ufeff" + text,
        "empty": "",
        "a newline": "\n\n",
        "1 MiB": text + ("\u2014 x " + "A" * 20_000 + "\n") * 60,
    }
    for change in (-64, -1, 1, 2356):
        forms[f"log signature {change:+}"] = body + "\n\n" + _resized(lines[0], change)
        changed = lines[0] + _resized(lines[1], change)
        forms[f"cosignature {change:+}"] = body + "\n\n" + changed
    for name, changed in forms.items():
        for number, policy in enumerate((log_policy(), witness_policy())):
            receipt = msgspec.structs.replace(good, checkpoint=changed)
            yield case(f"note, {name}, policy {number}", receipt, policy)


def signers() -> Iterator[Case]:
    """Cosigners that are too few, unknown, impostors or early."""
    log, index = story()["record"]
    for count in range(4):
        for least in (1, 2, 3):
            receipt = log.receipt(index, *WITNESSES[:count], witness(9))
            yield case(f"{count} cosigners, {least} asked", receipt, witness_policy(least), NOW)
    for seconds in (0, NOW + 300, NOW + 301, 2**62):
        receipt = log.receipt(index, checkpoint=log.checkpoint(*WITNESSES, time_s=seconds))
        for now in (None, NOW, 0):
            yield case(f"at {seconds}, now {now}", receipt, witness_policy(), now)
    early, late = (log.checkpoint(WITNESSES[0], time_s=s) for s in (NOW, NOW + 999))
    both = early + late.splitlines(keepends=True)[-1]
    yield case("twice, once early", log.receipt(index, checkpoint=both), witness_policy(1), NOW)
    mine, other = WITNESSES[0], secret("w0.example", WITNESSES[0].type)
    theirs = log.checkpoint(other).splitlines()[-1].replace("w0.", "w1.")
    named = theirs.split(" ")[-1]
    forged = encode_base64(mine.key_id + decode_base64(named)[4:])
    text = log.checkpoint() + f"\u2014 {mine.name} {forged}\n"
    yield case("an impostor", log.receipt(index, checkpoint=text), witness_policy(1), NOW)


def mldsa() -> Iterator[Case]:
    """Receipts with ML-DSA-44 signatures that hold, as far as the policy asks for them."""
    log, index = story()["record"]
    fresh = witness(4, LOG_PQ.type)
    receipt = log.receipt(index, LOG_PQ, fresh, *WITNESSES[:1])
    witnesses = [WITNESSES[0], fresh]
    yield case("needed", receipt, witness_policy(2, witnesses), NOW)
    yield case("the log's only", receipt, log_policy(LOG_PQ).partition("\n")[2], NOW)
    yield case("not needed", receipt, witness_policy(1, witnesses), NOW)
    yield case("the log's second", receipt, log_policy(LOG_PQ), NOW)
    yield case("unknown", receipt, log_policy(), NOW)


def policies() -> Iterator[Case]:
    """Policies of every form, for a receipt that holds."""
    log, index = story()["record"]
    receipt = log.receipt(index, *WITNESSES)
    whole = witness_policy()
    [line, w1, w2, w3, group, quorum] = whole.splitlines(keepends=True)
    vkey, w_key = line.split()[1], w1.split()[2]
    id_at = len(ORIGIN) + 1
    three, none = line + w1 + w2 + w3, "quorum none\n"
    forms = {
        "as it is": whole,
        "comments": "# a\n\n  \t# b\n" + whole,
        "tabs": whole.replace(" ", "\t \t"),
        "urls": line.strip() + " https://x\n" + w1.strip() + " https://y\n" + "quorum w1\n",
        "a word too many": line.strip() + " a b\n" + none,
        "no end": whole[:-1],
        "a carriage return": whole.replace("\n", "\r\n"),
        "empty": "",
        "a newline": "\n",
        "1 MiB": "#" + "x" * (1 << 20) + "\n" + whole,
        "no quorum": line,
        "two quorums": line + none + none,
        "an unknown quorum": line + "quorum x\n",
        "quorum of two words": line + "quorum a b\n",
        "an unknown word": "logs x\n" + whole,
        "constructor": "constructor x\n" + whole,
        "no log": w1 + none,
        "another log": line.replace(ORIGIN, "log.example/x") + none,
        "the witness as log": f"log {w_key}\n" + line + none,
        "the log as witness": line + f"witness a {vkey}\n" + none,
        "log twice": line + line + none,
        "witness twice": line + w1 + w1.replace("w1 ", "w4 ", 1) + none,
        "one name twice": line + w1 + w2.replace("w2 ", "w1 ", 1) + none,
        "none as a name": line + w1.replace("w1 ", "none ", 1) + none,
        "all": three + "group g all w1 w2 w3\nquorum g\n",
        "any": three + "group g any w1 w2 w3\nquorum g\n",
        "one": line + w1 + "quorum w1\n",
        "nested": three + "group a any w1 w2\ngroup b all a w3\nquorum b\n",
        "0 of 3": three + "group g 0 w1 w2 w3\nquorum g\n",
        "4 of 3": three + "group g 4 w1 w2 w3\nquorum g\n",
        "01 of 3": three + "group g 01 w1 w2 w3\nquorum g\n",
        "constructor of 3": three + "group g constructor w1 w2 w3\nquorum g\n",
        "9e19 of 3": three + "group g 99999999999999999999 w1 w2 w3\nquorum g\n",
        "a member twice": line + w1 + "group g 1 w1 w1\nquorum g\n",
        "a member of two": line + w1 + "group g 1 w1\ngroup h 1 w1\nquorum g\n",
        "an unknown member": line + w1 + "group g 1 w9\nquorum g\n",
        "itself": line + w1 + "group g 1 g w1\nquorum g\n",
        "no members": line + w1 + "group g 1\nquorum g\n",
        "none as a member": line + "group g 1 none\nquorum g\n",
        "a group named as a witness": line + w1 + "group w1 1 w1\nquorum w1\n",
        "a quorum before its group": line + w1 + "quorum g\ngroup g 1 w1\n",
        "the quorum first": none + line,
        "group and quorum": group + quorum,
        "a broken key": line.replace("+", "-", 1) + none,
        "another id": f"log {vkey[:id_at]}00000000{vkey[id_at + 8 :]}\n" + none,
        "a long id": f"log {vkey[:id_at]}0{vkey[id_at:]}\n" + none,
        "capitals in the id": f"log {vkey[:id_at]}{vkey[id_at:].upper()}\n" + none,
        "another name": f"log x{vkey[len(ORIGIN) :]}\n" + none,
        "no name": f"log {vkey[len(ORIGIN) :]}\n" + none,
        "a long name": f"log {'a' * 256}{vkey[len(ORIGIN) :]}\n" + none,
        "a no-break space in a name": f"log a\u00a0{vkey}\n" + none,
        "a key cut short": f"log {vkey[:-4]}\n" + none,
        "an empty key": "log x+00000000+\n" + none,
        "key type 2": "log x+00000000+AgAA\n" + none,
        "an emoji": line + w1.replace("w1 ", "\U0001f600 ", 1) + "quorum \U0001f600\n",
        "a delete character": line + "quorum \x7f\n",
    }
    for name, text in forms.items():
        yield case(f"policy, {name}", receipt, text, NOW)
