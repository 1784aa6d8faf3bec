"""How vectors go live while people read.

Begin at publish.py.
"""
