"""Graphs of small integers: strongly connected components and shortest cycles, in linear time and without recursion."""
