"""What a document gives away by itself: a row that it decides teaches no instruction.

This module imports scikit-learn, which comes with sentence-transformers: import it where it is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from ifir_eval.training.rows import Row

MOST_ROWS = 2_000
LEAST_QUERIES = 50


def told_by_document(rows: Sequence[Row]) -> float | None:
    """In what share of instructed rows a passage alone shows that it is the positive.

    It stands against the row's first instruction negative. Logistic regression over words and pairs of words
    sees passages without question, and judges rows whose queries it was not trained on (five folds). A tie
    counts half, so that 0.5 is chance; a row beside its reversal gives nothing away. At most `MOST_ROWS` rows,
    drawn always alike, are looked at. None where fewer than `LEAST_QUERIES` queries have an instruction and a
    passage that breaks it.
    """
    found = [row for row in rows if row.instruction.strip() and row.instruction_negatives]
    found = Random(0).sample(found, min(MOST_ROWS, len(found)))
    if len({row.query for row in found}) < LEAST_QUERIES:
        return None
    passages = [text for row in found for text in (row.positive, row.instruction_negatives[0])]
    queries = [row.query for row in found for _ in range(2)]
    is_positive = [True, False] * len(found)
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    classifier = make_pipeline(words, LogisticRegression(C=10, max_iter=300))
    scores = cross_val_predict(
        classifier, passages, is_positive, groups=queries, cv=GroupKFold(5), method="decision_function"
    )
    return float(np.mean((np.sign(scores[0::2] - scores[1::2]) + 1) / 2))
