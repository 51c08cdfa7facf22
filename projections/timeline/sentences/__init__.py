"""Every event as a sales manager would say it; only pseudonyms, never anything personal."""
