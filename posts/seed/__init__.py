"""The first thread and the sample conversation: text to Markdown, planting, and removal of the sample."""
