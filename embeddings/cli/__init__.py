"""Commands about vectors, one file each.

Begin at embed.py.
"""
