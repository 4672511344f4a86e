"""The command line: parse, call an operation, print. No logic."""

from counterfoil.cli.main import main

__all__ = ["main"]
