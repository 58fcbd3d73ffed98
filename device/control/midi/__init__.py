"""MIDI: bytes from any port become signals, scenes, a beat and panic.

port ─bytes─► parser ─messages─► voices, translator ─► gathered ─signals, once a tick─► hear
                        └──────► clock ─► midi/beat       └──────────► scene, panic
"""
