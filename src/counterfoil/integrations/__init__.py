"""Two lines in existing code, and what it does is recorded: each integration is loaded when used.

None of them may break or slow what it watches: they count what they had to drop, and never raise
into it. This package imports none of its own modules.
"""

__all__: list[str] = []
