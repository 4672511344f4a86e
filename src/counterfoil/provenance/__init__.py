"""What is known of data, models and decisions: their statements, fingerprints, checks and stories.

Works on what it is given: frames, files, bytes. This package refuses to know a log, a store or a
vault: `ledger` brings them together.
"""
