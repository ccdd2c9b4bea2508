"""Named, versioned protocols, shipped as data: one YAML file each, which says what a suite's ``protocol`` would."""
