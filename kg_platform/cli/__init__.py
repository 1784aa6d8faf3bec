"""`kg`, and the commands that need nothing learnt, one file each.

Begin at main.py.
"""
