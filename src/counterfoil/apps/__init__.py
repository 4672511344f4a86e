"""Sectors on the core: the same small set of files each, registered as `counterfoil.apps`.

`records.py` has an app's predicates, `model.py` its AI, `app.py` its declaration and its story.
Apps do not know each other, and operations call them; this package imports none of them.
"""

__all__: list[str] = []
