"""Card and account fraud in real time: learned, scored, decided on a stream, all on record.

Modules are imported one by one: most of them need the extra `finance`.
"""

__all__: list[str] = []
