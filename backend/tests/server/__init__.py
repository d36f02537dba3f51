"""The real process: its clients, its load, its settings, its log, its end."""
