"""The engines: what separates a segment of the mixture into its sources."""
