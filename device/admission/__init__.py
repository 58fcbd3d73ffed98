"""Admission: what a bundle from anywhere must pass before it may play.

    layout ──► passport ──► vet ──► trial ──► remembered
    the zip    the manifest  the graphs   loaded and played in a sandboxed process

Control calls `device.admission.admit.admit`; the audio process never sees a bundle before that.
"""
