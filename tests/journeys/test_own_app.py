"""The guide's example app is found, runs beside ours, and keeps the promises of every app."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.own_app import APP_FOLDER, install, run
from tests.shared_data import ROOT

CLI = ("-c", "import sys; from counterfoil.cli import main; sys.exit(main())")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install it."""
    return install(tmp_path_factory.mktemp("site"))


def test_its_own_test_passes(site: Path) -> None:
    """`assert_conforms` holds, by the very test that stands in the example."""
    test = APP_FOLDER / "test_parcels.py"
    options = ("-q", "-p", "no:cacheprovider", "-c", "/dev/null", f"--rootdir={site}")
    ran = run(site, "-m", "pytest", str(test), *options)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "1 passed" in ran.stdout


def test_its_commands_are_commands(site: Path) -> None:
    """They stand in help, run, take options, and are suggested when they are misspelt."""
    assert "parcels late" in run(site, *CLI, "--help").stdout
    group = run(site, *CLI, "parcels", "--help")
    assert group.stdout.startswith("Parcels that may come late")
    assert "--least N" in run(site, *CLI, "parcels", "late", "--help").stdout
    wrong = run(site, *CLI, "parcels", "lat")
    assert wrong.returncode == 2
    assert "Did you mean `counterfoil parcels late`?" in wrong.stderr
    listed = run(site, *CLI, "app", "ls").stdout
    assert "parcels  Parcels that may come late" in listed
    assert "package    parcels" in listed
    played = run(site, *CLI, "app", "demo", "parcels", "played")
    assert played.returncode == 0, played.stderr
    assert "recipients are to be told" in played.stdout
    late = run(site, *CLI, "parcels", "late", "--ledger", "played/ledger", "--least", "70")
    assert late.returncode == 0
    assert late.stdout.count("parcel") == 3
    again = run(site, *CLI, "app", "demo", "parcels", "played")
    assert (again.returncode, "app.folder" in again.stderr) == (2, True)


def test_an_app_that_is_broken_breaks_nothing_else(site: Path) -> None:
    """Ours and help go on; who calls it, or lists apps, hears which package is wrong."""
    points = next(site.glob("*.dist-info")) / "entry_points.txt"
    good = points.read_text()
    try:
        for value, why in (
            ("parcels.nothing:APP", "No module named"),
            ("parcels.app:demo", "it is no App"),
            ("counterfoil.apps.quant.app:APP", "it calls itself 'quant'"),
        ):
            points.write_text(good.replace("parcels.app:APP", value))
            assert run(site, *CLI, "--help").returncode == 0
            assert run(site, *CLI, "record", "--help").returncode == 0
            called = run(site, *CLI, "parcels", "late")
            assert called.returncode == 2
            assert "app.entry-point" in called.stderr
            assert why in called.stderr
            assert f"broken  expected an App at the entry point parcels = {value}" in " ".join(
                run(site, *CLI, "app", "ls").stdout.split("\n")
            )
    finally:
        points.write_text(good)


def test_a_word_of_ours_stays_ours(site: Path) -> None:
    """A package cannot take over a command of Counterfoil by its name."""
    points = next(site.glob("*.dist-info")) / "entry_points.txt"
    good = points.read_text()
    try:
        points.write_text(good.replace("parcels = ", "record = "))
        ran = run(site, *CLI, "record", "--help")
        assert ran.stdout.startswith("Record things, and find them again.")
    finally:
        points.write_text(good)


def test_the_guide_shows_these_files() -> None:
    """Each file of the example stands in the guide, as it is."""
    guide = (ROOT / "docs" / "guides" / "write-your-own-app.md").read_text()
    for path in sorted(APP_FOLDER.rglob("*")):
        if path.suffix in (".py", ".toml") and path.name != "__init__.py":
            assert f"{{literalinclude}} {path.relative_to(APP_FOLDER.parent)}" in guide
