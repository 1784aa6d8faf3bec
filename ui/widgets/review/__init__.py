"""The parts of the review page: its queue, one item, decisions on many, and what was learnt.

Begin at queue.py.
"""
