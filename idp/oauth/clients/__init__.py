"""What is registered about clients, and the rules it keeps."""
