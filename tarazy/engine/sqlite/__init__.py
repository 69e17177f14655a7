"""The SQLite backend: durable, and with a fair queue of writers."""
