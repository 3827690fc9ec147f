"""The ground: settings, wiring and kit. Imports nothing of accounts or posts; mounts them by name."""
