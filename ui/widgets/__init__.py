"""What several pages show alike, in Python alone.

Begin at text.py.
"""
