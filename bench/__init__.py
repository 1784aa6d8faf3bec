"""Benchmarks: speed and memory as ratios against an alternative measured in the same run.

`python -m bench --help` lists them. Nothing here is a test; figures go into docs/benchmarks.md.
"""
