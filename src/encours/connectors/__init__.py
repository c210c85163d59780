"""Floor 2: one folder for each format or service, found by its folder, never listed.

A package here has `CONNECTOR`, a `base.contract.Connector`; `base.contract.recognise` names the one that reads a file.
"""
