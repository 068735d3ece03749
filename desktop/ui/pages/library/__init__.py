"""The job table: model, delegates, view."""
