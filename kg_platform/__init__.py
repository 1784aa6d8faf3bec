"""Ground floor: what every other package stands on. It imports none of them.

Begin at platform.py.
"""
