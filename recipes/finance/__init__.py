"""Companies and people in a register, and in a list of sanctions under other spellings.

Begin at world.py.
"""
