"""Servers that answer JSON over HTTP, and the manners in which they are asked."""
