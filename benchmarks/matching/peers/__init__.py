"""Other products on the same case: installed into an environment of their own, asked through files, scored alike."""
