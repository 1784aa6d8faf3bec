"""Brings ledger and graph up to date.

Begin at graph.py.
"""
