"""What a job will cost: time, memory, disk.

Begin at plan.py.
"""
