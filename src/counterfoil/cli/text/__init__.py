"""Results as text for people: one module for each of `ops`, one function for each operation.

A function takes the operation's result and yields lines. None decides anything.
"""
