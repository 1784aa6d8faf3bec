"""What people ask of published vectors: what is like this, what is missing, why.

Begin at similar.py.
"""
