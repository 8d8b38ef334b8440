"""Sources of licences that are not ours."""
