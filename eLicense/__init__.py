"""The licence: catalogue, matters, issue, life cycle, use and status."""
