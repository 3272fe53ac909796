"""Who a synthetic person is, and that body in a pose."""
