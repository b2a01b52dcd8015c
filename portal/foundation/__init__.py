"""Tools that know nothing of partners: the clock, ids, sealing, the database, words and refusals."""
