"""Members: accounts, display names, sign-in, second factors, sessions, and verified clinicians' records."""
