"""What a budget study found: in words, as tables, and as one page."""
