"""Training: rows, mixes and budgets; losses, batches and the trainer."""
