"""One process that serves a ledger: what runs in it, how it fares, and how it is set up."""
