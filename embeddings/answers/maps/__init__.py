"""Maps: the vectors of a run as points on a plane, made once, kept with the run's artifact.

Begin at making.py.
"""
