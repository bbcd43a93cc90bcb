"""A corpus of any size encoded shard by shard: by one process, by several, or by a Ray cluster."""
