"""Scores per query, and the one order that every measure sees."""
