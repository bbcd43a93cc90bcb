"""What is asked: the data model (`benchmark`), its folder format, adapters for published data, the catalog."""
