"""What every page shares: frame, style, sidebar, sign-in, scope of the page, formats."""
