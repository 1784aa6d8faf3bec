"""From text to facts: what prose states of entities, proposed for review and never written unasked.

Begin at extract.py.
"""
