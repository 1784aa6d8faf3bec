"""Documents of people as pieces of text with their places; a file a kind.

Begin at document.py.
"""
