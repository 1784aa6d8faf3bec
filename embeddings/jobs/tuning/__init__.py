"""The search of settings.

Begin at search.py.
"""
