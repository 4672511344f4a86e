"""Text of `ops.pace`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import number, plain
from counterfoil.ops.pace import PolicyFigures, Simulated, WaitFigures

__all__ = ["simulate"]


def simulate(done: Simulated, paint: Paint) -> Iterator[str]:
    """Show what each policy paid and made people wait, in tables."""
    yield f"{number(done.rows)} rows, {done.step_s:g} s apart"
    if done.anchoring is not None:
        found = done.anchoring
        yield (
            f"anchors within {found.max_wait_s:g} s, judged from row {number(found.begin)} on; "
            "each by itself:"
        )
        yield from _fees(found.each, paint)
        yield "one after the other:"
        yield from _fees(found.in_a_row, paint)
    if done.batching is not None:
        some = done.batching
        yield f"{number(some.records)} records, durable within {some.receipt_wait_s:g} s:"
        yield from _waits(some.policies, paint)
    for note in done.notes:
        yield paint.quiet(plain(note))


def _fees(policies: Mapping[str, PolicyFigures], paint: Paint) -> Iterator[str]:
    heads = ("", "fee paid", "of saving", "anchors", "mean wait s", "longest s", "missed", "CPU s")
    yield paint.quiet("{:16}{:>12}{:>11}{:>9}{:>13}{:>11}{:>8}{:>9}".format(*heads))
    for name, one in policies.items():
        share = "-" if one.share_of_saving is None else f"{one.share_of_saving:.1%}"
        yield (
            f"{name:16}{one.fee_paid:12.5g}{paint.strong(f'{share:>11}')}{one.anchors:9}"
            f"{one.delay_mean_s:13.5g}{one.delay_max_s:11.5g}{one.missed:8}{one.cpu_s:9.3g}"
        )


def _waits(policies: Mapping[str, WaitFigures], paint: Paint) -> Iterator[str]:
    heads = ("", "commits", "p95 wait ms", "longest ms", "CPU µs a record")
    yield paint.quiet("{:16}{:>9}{:>13}{:>12}{:>17}".format(*heads))
    for name, one in policies.items():
        wait = paint.strong(f"{1e3 * one.delay_p95_s:13.4g}")
        yield (
            f"{name:16}{one.commits:9}{wait}{1e3 * one.delay_max_s:12.4g}"
            f"{1e6 * one.cpu_s_per_record:17.4g}"
        )
