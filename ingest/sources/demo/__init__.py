"""The demo world: every country, from packages on PyPI and Maven, as an ordinary source folder.

Begin at world.py.
"""
