"""Instruments on USB sticks: found, offered, copied, checked, put in place."""
