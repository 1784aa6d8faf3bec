"""Each content becomes a vector once.

Begin at build.py.
"""
