"""Pages for readers: the front page, threads, branches, permalinks, revisions and reading positions."""
