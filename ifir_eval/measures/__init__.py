"""One small file a measure or close family; each registers itself on its last lines.

`find` turns names such as ``nDCG@10`` into measures. What several share stands beside them: `measure`
(what a measure is), `ranked` (what it reads), `preference` and `modes`. Every value is computed per topic
first, so that it can be averaged, sliced and resampled (docs/methods.md, sections 3 and 4).
"""
