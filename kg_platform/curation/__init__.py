"""What people change by hand: decide, merge, take back, forget, sweep.

Begin at review.py.
"""
