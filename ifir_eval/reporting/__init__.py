"""Records made readable: tables, pages, plots and sentences, for terminals, browsers and CI systems."""
