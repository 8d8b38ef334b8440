"""Access tokens and ID tokens: made, checked, told about, taken back."""
