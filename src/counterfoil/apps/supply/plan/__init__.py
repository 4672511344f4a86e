"""Plans of supply chains: which vehicle takes what where, and how much is kept and ordered.

Each plan is checked by an evaluator that shares no code with what found it, before it is told, and
is recorded with all that makes it come out the same again. This room knows no node and no shell.
"""

__all__: list[str] = []
