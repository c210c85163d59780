"""The kinds of sheet that are read: one file each, found by being here."""
