"""Pages for authors: reply, edit, delete, start a thread, drafts, previews, guest comments."""
