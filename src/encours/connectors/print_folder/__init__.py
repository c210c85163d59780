"""A print provider that takes letters from a folder and gives its proofs of posting back as files."""
