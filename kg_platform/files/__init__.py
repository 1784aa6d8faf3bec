"""Text files as people make them: packed or not, by line, by cell, by object, with or without a
header. What a row cannot be read for becomes a `Rejection`; nothing is dropped in silence.

Begin at lines.py.
"""
