"""Floor 1: pure engines. Polars frames in, frames and issues out; no disk, no network, no clock."""
