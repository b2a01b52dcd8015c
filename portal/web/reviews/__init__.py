"""Reviews: the vendor's campaigns and their lines, and what owners and integrators are asked."""
