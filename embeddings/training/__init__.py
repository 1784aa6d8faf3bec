"""How a network learns.

Begin at train.py.
"""
