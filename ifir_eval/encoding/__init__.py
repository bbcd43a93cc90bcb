"""Texts to vectors: where checkpoints come from, which one it is, and each distinct text once."""
