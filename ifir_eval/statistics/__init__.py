"""How sure the means are: bootstrap intervals over topics (METHODS.md, section 4)."""
