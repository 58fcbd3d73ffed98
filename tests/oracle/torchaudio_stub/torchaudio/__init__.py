"""The little of torchaudio that acids-rave touches: enough to import it and build its models.

There is no CPU wheel of torchaudio for the torch the oracle pins. Only the mel configurations
run anything from it; the discriminators and losses merely construct spectrograms they never use
here. Nothing is loaded from or written to disk, and no effect exists.
"""

from torchaudio import functional, transforms

__version__ = "0.0.0"
__all__ = ["functional", "transforms"]
