"""From a recipe to its loss.

This module imports torch: import it where training starts.
"""

from __future__ import annotations

from ifir_eval.training.losses.inf_embed import InFEmbed
from ifir_eval.training.losses.info_nce import InfoNCE
from ifir_eval.training.losses.objective import Objective
from ifir_eval.training.losses.query_preserving import QueryPreserving
from ifir_eval.training.recipe import Recipe


def build(recipe: Recipe) -> Objective:
    """The loss that ``recipe`` names, with its parameters."""
    if recipe.objective == "inf-embed":
        return InFEmbed(recipe.blocks, recipe.join, recipe.temperature or InFEmbed.temperature, recipe.share)
    temperature = recipe.temperature or InfoNCE.temperature
    if recipe.objective == "query-preserving":
        return QueryPreserving(
            recipe.weight, recipe.direction, recipe.stop_gradient, temperature, recipe.in_batch
        )
    return InfoNCE(temperature, recipe.in_batch)
