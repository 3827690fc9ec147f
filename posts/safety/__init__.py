"""Analysis of texts: watched words, signs of spam, passages to remove. Uses no database."""
