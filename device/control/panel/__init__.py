"""What is screwed to the front of a box: knobs, encoders, buttons, pedals, sensors and lights."""
