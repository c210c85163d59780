"""The ready-made messages: one TOML file a language, a part for each template, found by its being there."""
