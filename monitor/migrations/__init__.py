"""Steps from an empty database to the tables of ``monitor.schema``."""
