"""The operations of the service `account`: connections, invitations, partners and their profiles."""
