"""An LLM, or the metadata of documents, writes instructions for training rows."""
