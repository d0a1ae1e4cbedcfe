"""Kratix's semantics; a docstring that begins with K and a number proves that case of it."""
