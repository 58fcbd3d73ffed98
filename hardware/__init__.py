"""One folder per box, with the profile the device loads; and the program that draws its wiring."""
