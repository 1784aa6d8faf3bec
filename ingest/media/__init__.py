"""Media that records name: found, checked, stored.

Begin at gallery.py.
"""
