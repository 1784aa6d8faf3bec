"""Vectors kept true between trainings: who changed, and a vector for each.

Begin at staleness.py.
"""
