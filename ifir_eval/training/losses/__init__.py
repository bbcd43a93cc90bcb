"""Losses, one file each: from the vectors of a batch and what its rows say of them to one number."""
