"""Issue in two steps: the intent is recorded (identifier, hash, key), then exactly that is signed once."""
