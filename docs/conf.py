"""How Sphinx builds these pages: MyST Markdown, the Furo theme, nothing loaded from elsewhere."""

from __future__ import annotations

from importlib.metadata import version as version_of
from pathlib import Path

from counterfoil.http.documentation.python_api import write_pages

project = "Counterfoil"
author = "The Counterfoil authors"
project_copyright = "the Counterfoil authors, Apache-2.0"
release = version_of("counterfoil")

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
nitpicky = True

# The Python reference is made from the source, here as in a node; the files are in no repository.
write_pages(Path(__file__).resolve().parent)

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
