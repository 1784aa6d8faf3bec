"""A graph that exists is looked at, and adopted.

Begin at adopt.py.
"""
