"""Parts of the explorer with JavaScript of our own.

Begin at cards.py.
"""
