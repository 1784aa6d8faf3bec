"""What is learnt: vectors from the graph, into the graph, and answers from them.

Begin at jobs/embed.py.
"""
