"""Sala: the system that runs public halls, one record from the window to the ministry."""
