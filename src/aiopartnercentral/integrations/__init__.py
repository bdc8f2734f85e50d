"""Collections as sources of other engines; each module needs the extra of its engine."""
