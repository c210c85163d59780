"""Floor 3: one module for each thing the product does, named by a verb. Core decides; here it is acted on."""
