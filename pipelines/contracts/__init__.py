"""What things are: schemas/ loaded into frozen objects, and what follows from them."""
