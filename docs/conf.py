"""How Sphinx builds these pages: MyST Markdown, the Furo theme, nothing loaded from elsewhere."""

from __future__ import annotations

from importlib.metadata import version as version_of
from pathlib import Path
from shutil import rmtree

from sphinx.application import Sphinx

from counterfoil.http.documentation.python_api import FOLDER, write_pages

project = "Counterfoil"
author = "The Counterfoil authors"
project_copyright = "the Counterfoil authors, Apache-2.0"
release = version_of("counterfoil")

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
nitpicky = True

html_theme = "furo"
html_title = "Counterfoil"
html_theme_options = {
    "light_css_variables": {
        "color-background-primary": "#f7f5f0",
        "color-background-secondary": "#fffdf8",
        "color-background-border": "#d9d4c7",
        "color-foreground-primary": "#1d2227",
        "color-foreground-secondary": "#565d64",
        "color-brand-primary": "#0b5c55",
        "color-brand-content": "#0b5c55",
    },
    "dark_css_variables": {
        "color-background-primary": "#14171a",
        "color-background-secondary": "#1c2024",
        "color-background-border": "#343a40",
        "color-foreground-primary": "#e8e6e1",
        "color-foreground-secondary": "#a3aab1",
        "color-brand-primary": "#5fc9bb",
        "color-brand-content": "#5fc9bb",
    },
}


def setup(app: Sphinx) -> None:
    """Make the Python reference from the source, as a node does, for the time of the build."""
    here = Path(__file__).resolve().parent
    write_pages(here)
    app.connect("build-finished", lambda *_: rmtree(here / FOLDER, ignore_errors=True))
