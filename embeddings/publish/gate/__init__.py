"""Whether a run may go live beside the one that is.

Begin at verdict.py.
"""
