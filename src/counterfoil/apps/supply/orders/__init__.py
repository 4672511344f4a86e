"""Orders that proven decisions place, whose money waits in an escrow for what arrives.

desk = OrderDesk(actor)
placed = desk.place(decision, Order(item=..., supplier=..., quantity=40, unit_price=150, ...))
desk.deliver(placed, event)
"""

__all__: list[str] = []
