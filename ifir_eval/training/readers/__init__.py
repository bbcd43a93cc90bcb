"""Readers of training data: every layout the field publishes rows in becomes `Row`.

========================  ==========================================================================
``rows``                  our own JSON lines (`ifir_eval.training.rows`)
``promptriever``          ``samaya-ai/msmarco-w-instructions``
``inf-ir``                ``InF-IR/InF-IR``
``flagembedding``         ``{"query", "pos", "neg", "prompt"}``
``sentence-transformers`` columns ``anchor`` (or ``query``), ``positive``, ``negative``, ``negative_1`` …
``benchmark``             a folder of ours: its views become rows; BEIR's with ``qrels/train.tsv``
``triples``               a folder of BEIR's with ``triples.tsv``: query, positive and negative ids
========================  ==========================================================================

Tables are JSON lines, a JSON list, CSV or parquet; a folder of them is read whole, as a copy of a data set of
the hub is.
"""

from ifir_eval.training.readers.layouts import layouts, read_layout

__all__ = ["layouts", "read_layout"]
