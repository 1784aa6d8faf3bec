"""A graph that somebody else owns as one of ours: what stands for what, kept true, taken away.

Begin at mapping.py.
"""
