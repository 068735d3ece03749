"""Player page: lanes and transport bar."""
