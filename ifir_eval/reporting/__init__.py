"""Records made readable: a table for the terminal and a page for the browser."""
