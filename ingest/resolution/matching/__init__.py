"""The same thing from two sources becomes one entity: rules, scores, and what follows from them.

Begin at job.py.
"""
