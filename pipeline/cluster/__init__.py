"""Several machines: replicas of a pipeline on a Ray cluster, which draw what one page or one batch asks for."""
