"""Tables, one file a kind: each streams its rows in bounded memory, or says why it cannot.

A reader converts nothing that its format has no type for: cells of a text file stay text. What one
row has wrong costs that row; what the whole table has wrong is a `BadInput` when it is opened.

Begin at delimited.py.
"""
