"""EPCIS 2.0 events: read and checked, hashed, captured with receipts, traced, doubted.

An event says what happened to which things, when, where and why (GS1 EPCIS 2.0). Its hash names it
(GS1 CBV 2.0); the statement that records it has a receipt. This room knows no node and no shell.
"""

__all__: list[str] = []
