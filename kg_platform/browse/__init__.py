"""Readings for people; nothing here writes.

Begin at entities.py.
"""
