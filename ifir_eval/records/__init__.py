"""What remains of an evaluation: a versioned record, its run, and its documents, stored atomically."""
