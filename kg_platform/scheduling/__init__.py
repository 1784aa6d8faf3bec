"""When jobs run again, and which process runs them; it knows no job.

Begin at scheduler.py.
"""
