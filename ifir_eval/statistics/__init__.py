"""How sure figures are: intervals, paired tests, detectable differences (docs/methods.md, section 4)."""
