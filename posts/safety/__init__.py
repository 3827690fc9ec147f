"""Analysis of texts without the database: watched words, signs of spam, passages that are taken out."""
