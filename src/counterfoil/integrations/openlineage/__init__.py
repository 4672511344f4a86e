"""Take in what OpenLineage clients send: events as records, their data sets and runs as statements.

An unmodified client needs a URL and a key, and nothing of ours.
"""

from counterfoil.integrations.openlineage.app import LineageApp
from counterfoil.integrations.openlineage.key_file import load_or_make_key
from counterfoil.integrations.openlineage.receiver import Receiver, Taken

__all__ = ["LineageApp", "Receiver", "Taken", "load_or_make_key"]
