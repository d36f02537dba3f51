"""What `python -m backend.commands.doctor` looks at, one subject a file."""
