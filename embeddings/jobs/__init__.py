"""What a command starts, from its first read to its last write.

Begin at embed.py.
"""
