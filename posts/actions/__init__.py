"""The verbs: what people do. Each is one transaction, checks the right, and calls its consequences by name."""
