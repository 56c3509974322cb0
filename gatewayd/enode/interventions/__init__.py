"""The interventions this gateway knows, and their words in each language."""
