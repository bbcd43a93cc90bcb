"""Records of one benchmark against each other, topic by topic: compare them, and gate on what was lost."""
