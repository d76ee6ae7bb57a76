"""Recipes: tables and figures of papers, each made by one command, and the claims of the papers with their verdicts."""
