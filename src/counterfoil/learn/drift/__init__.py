"""When what is normal has moved: of one number as it comes, and of a table's features.

This room refuses to learn anew by itself: whoever runs a model decides that.
"""

from counterfoil.learn.drift.adwin import Adwin
from counterfoil.learn.drift.features import FeatureDrift, drifted

__all__ = ["Adwin", "FeatureDrift", "drifted"]
