"""What is trained: interactions that score, features fused into entity vectors.

Begin at network.py.
"""
