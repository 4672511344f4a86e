"""The command line: parse, call an operation, print. No logic lives here."""
