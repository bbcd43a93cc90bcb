"""Benchmarks through mteb's task registry and loaders, at the revisions that mteb pins.

``entries`` names them without importing mteb, ``shapes`` says how a task's queries become topics and views,
``task`` has mteb load a task, and ``loading`` makes the benchmark.
"""
