"""Models behind a server: OpenAI-compatible embeddings, and rerankers as Cohere and Jina serve them."""
