"""The app's story: berries from a farm to a shop, a fridge that fails, an order that pays itself.

Four organisations, each with its own log, witness each other. Berries, sales and temperatures are
simulated; the chain is the shop's own, and the token is made for this.
"""

from counterfoil.apps.supply.story.playing import demo

__all__ = ["demo"]
