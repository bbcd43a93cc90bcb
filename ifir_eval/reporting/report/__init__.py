"""The report: `run`'s page grown by letters, plots, and every topic with both its rankings."""
