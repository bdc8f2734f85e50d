"""The operations of the service `selling`: opportunities, engagements and what they share."""
