"""Arithmetic that stages share: no graph, no files.

Begin at matmul.py.
"""
