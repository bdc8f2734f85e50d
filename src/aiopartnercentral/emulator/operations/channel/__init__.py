"""The operations of the service `channel`: program management accounts, relationships, handshakes and contracts."""
