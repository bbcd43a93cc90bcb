"""What computes vectors: torch itself, or a faster form of the same model."""
