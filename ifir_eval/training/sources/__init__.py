"""Where training rows come from, by name: what a mix can draw on.

============================  ====================================================================
``mirror-train``              the embedded benchmark's train split; ``mirror-train@7`` is another draw of it,
                              ``mirror-train@0-7`` are eight of them
``mirror-train-asking``       of it the topics whose original instruction says what is wanted; half of their
                              reversals forbid
``condaqa``                   questions of CondaQA's test split with passages that imply yes, or no
``films``, ``films-asking``   films of Wikipedia under constraints on year and genre; draws and choice likewise
``film-plots``                titles and plots of these films: ordinary rows
``instructir-seeds``          MS MARCO queries and passages that InstructIR was made from: ordinary rows
``flagembedding``             FlagEmbedding's example rows: ordinary, with a task as instruction
a path                        a file or folder of rows in any layout of `ifir_eval.training.readers`
============================  ====================================================================

Published data are read from a local folder, or fetched once at a pinned commit, as benchmarks are.
"""

from ifir_eval.training.sources.catalog import licence, names, read_sources

__all__ = ["licence", "names", "read_sources"]
