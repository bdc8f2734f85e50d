"""The operations of the service `revenue-measurement`: revenue attributions and marketplace revenue shares."""
