"""The parts of the page Map: what is chosen, what is read for it, and what is selected.

Begin at choice.py.
"""
