"""Whole examples of a field: invented data, mappings, rules for matching, and questions with their
answers. A recipe uses the platform as a person does, and nothing knows of it.

Begin at recipe.py.
"""
