"""The operations of the service `marketing`: campaigns."""
