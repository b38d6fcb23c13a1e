"""One module behind a port: the command line's pipeline, spoken to over HTTP, bounded everywhere."""
