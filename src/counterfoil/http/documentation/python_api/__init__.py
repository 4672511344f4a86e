"""The reference of the Python API, made from the source's own docstrings when somebody asks.

It cannot be stale, since nothing is kept. The source is read, never run: a page costs no import of
an extra that is not installed.
"""

from counterfoil.http.documentation.python_api.pages import FOLDER, made_pages, write_pages

__all__ = ["FOLDER", "made_pages", "write_pages"]
