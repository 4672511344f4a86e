"""Forecasts that are committed before the outcome, so that a track record cannot be made up.

A commitment hides what is forecast and binds its issuer to it; an outside witness says when it was
there. This package imports none of its own modules.
"""

__all__: list[str] = []
