"""What a person proves it with: the phone on file, password, one-time codes; and how tries are counted."""
