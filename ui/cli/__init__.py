"""Commands that start what people see, one file each.

Begin at ui.py.
"""
