"""Pages for those who write: reply, edit, delete, start a thread, drafts, previews, guests' comments."""
