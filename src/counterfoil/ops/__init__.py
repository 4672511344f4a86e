"""Operations: one function per use case, from which every shell is made.

A function takes typed parameters, prints nothing, and returns plain data or raises an error of
`counterfoil.errors`. `registry` lists them all without loading any.
"""
