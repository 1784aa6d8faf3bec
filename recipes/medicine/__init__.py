"""Drugs in two registries, conditions, targets, trials and cases.

Begin at world.py.
"""
