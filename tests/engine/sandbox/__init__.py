"""The sandbox as a whole, beside Docker's."""
