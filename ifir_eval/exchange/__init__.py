"""Figures to and from other harnesses: records out, published figures in."""
