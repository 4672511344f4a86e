"""How much to keep and to order, from demand as a distribution: newsvendor, (s, S) and (R, S).

Demand comes as samples (paths of days), lead times as samples, goods may be perishable. This room
refuses to forecast: whoever calls it has a distribution.
"""

__all__: list[str] = []
