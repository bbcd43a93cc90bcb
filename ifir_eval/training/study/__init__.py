"""Budget studies: what each mix of training data buys at equal budgets, with its uncertainty.

A study is a grid of base models, mixes, budgets and seeds. Each cell of it is drawn, trained, evaluated and
kept on its own, so that a study can be cut off, taken up again, and shared out over machines.
"""
