"""Door ahead of the others: notices every request and every task of the worker, and says what this process counted."""
