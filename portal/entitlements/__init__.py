"""What a contract grants: services and allotments, and requests for more."""
