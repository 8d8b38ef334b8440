"""What a licence goes through after its issue."""
