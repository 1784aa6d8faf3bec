"""f(h, r, t), a formula a class.

Begin at fast.py.
"""
