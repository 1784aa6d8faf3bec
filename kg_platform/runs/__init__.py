"""What is written down of a run beside its row: log, record, figures.

Begin at recorded.py.
"""
