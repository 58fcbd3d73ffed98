"""Every error a player may meet. Each says what was given, what is allowed and what to do.

OndineError
├── BundleError   (ValueError)  a .ondine file that cannot be trusted or played
├── ConfigError   (ValueError)  a setting or an argument out of its range
├── AudioError    (OSError)     a sound card or sound file that cannot do what was asked
├── ControlError  (ValueError)  a control message, timeline or port that cannot be used
└── ConvertError  (ValueError)  a model that cannot become a bundle, and why
"""


class OndineError(Exception):
    """The base of all of them: its text is a sentence for the player, without a traceback."""


class BundleError(OndineError, ValueError):
    """A bundle that is damaged, tampered with, of another format, or not what it claims."""


class ConfigError(OndineError, ValueError):
    """A setting, option or argument that is not allowed."""


class AudioError(OndineError, OSError):
    """A sound card or a sound file that is missing, busy or of the wrong shape."""


class ControlError(OndineError, ValueError):
    """A control message, a timeline or a port that cannot be used."""


class ConvertError(OndineError, ValueError):
    """A model that cannot be converted, with the reason and what to do about it."""
