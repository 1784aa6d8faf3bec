"""Languages as data, a file each: how words bend, what denies, how relations are said.

Begin at language.py.
"""
