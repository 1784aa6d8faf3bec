"""Which incoming thing is which entity.

Begin at exact.py.
"""
