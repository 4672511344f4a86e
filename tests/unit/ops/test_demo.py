"""The story that everybody sees first."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from counterfoil.errors import InputError, Unavailable
from counterfoil.ops import demo as demos
from counterfoil.ops.demo import demo


def test_the_story_is_told_in_order_and_kept(tmp_path: Path) -> None:
    """Every step says what it did; what it made is where it says."""
    steps = list(demo(tmp_path / "tour"))
    names = [step.name for step in steps]
    assert names == ["ledger", "record", "receipt", "page", "damage", "forgery", "end"]
    facts = {step.name: step.facts for step in steps}
    for made in (facts["receipt"]["file"], facts["page"]["file"], facts["ledger"]["policy"]):
        assert Path(made).exists()
    assert facts["receipt"]["content"]["amount_minor"] > 10_000
    assert facts["end"]["folder"] == str(tmp_path / "tour")


def test_a_temporary_folder_is_removed_unless_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left behind, also when the story is broken off, unless --keep asks for it."""
    with tempfile.TemporaryDirectory(prefix="cf-") as short:
        monkeypatch.setattr(tempfile, "tempdir", short)

        def left() -> list[Path]:
            return list(Path(short).glob("counterfoil-demo-*"))

        begun = demo()
        next(begun)
        assert len(left()) == 1
        begun.close()  # type: ignore[attr-defined]  # it is a generator
        assert left() == []
        kept = list(demo(keep=True))
        assert [Path(kept[-1].facts["folder"])] == left()


def test_another_folder_is_left_alone(tmp_path: Path) -> None:
    """A folder that holds something, or a file, is refused before anything is made."""
    (tmp_path / "mine").write_text("x")
    for folder in (tmp_path, tmp_path / "mine"):
        with pytest.raises(InputError) as found:
            demo(folder)
        assert found.value.code == "demo.folder"


def test_a_story_that_does_not_come_true_is_a_bug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were a damage not found, the demonstration would say so and not go on."""
    monkeypatch.setattr(demos, "_flipped", lambda data, at: data)
    with pytest.raises(Unavailable) as found:
        list(demo(tmp_path / "tour"))
    assert found.value.code == "demo.broken"
