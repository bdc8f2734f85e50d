"""The operations of the service `marketing`: campaigns, assets, templates and social connections."""
