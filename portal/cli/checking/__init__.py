"""`flask portal check`: what is wrong with a deployment."""
