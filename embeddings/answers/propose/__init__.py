"""Review items: facts that seem missing, entities that seem one.

Begin at links.py.
"""
