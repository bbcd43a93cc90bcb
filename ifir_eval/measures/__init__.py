"""One small file a measure; each registers itself on its last line.

`find` turns names such as ``nDCG@10`` into measures. Every value is computed per topic first, so that
it can be averaged, sliced and resampled (METHODS.md, sections 3 and 4).
"""
