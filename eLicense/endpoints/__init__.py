"""The licence API on the provider's origin, below ``/elicence/v1``: each route is one value."""
