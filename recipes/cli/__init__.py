"""`kg recipe`.

Begin at recipe.py.
"""
