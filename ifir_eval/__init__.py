"""Measure how well retrieval systems follow instructions."""
