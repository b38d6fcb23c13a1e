"""Every exception of the package, one line each; all of them are `InceptionHubError`.

Each also subclasses what the original (tensorflow_hub 0.15) raised in the same place, so existing
`except TypeError`, `except ValueError` and `except OSError` clauses keep working. A message is one
sentence: what was received, what is accepted, what to do next.
"""


class InceptionHubError(Exception):
    """Base of every error raised on purpose; its message is meant for the user."""


class ArgumentError(InceptionHubError, ValueError):
    """An argument's value is outside what is accepted."""


class InputError(InceptionHubError, TypeError):
    """What was given to a module is not what its signature takes: kind, rank, channels or dtype."""


class SignatureError(InceptionHubError, ValueError):
    """The module has no signature of that name."""


class TagsError(InceptionHubError, ValueError):
    """The module has no graph variant with these tags."""


class HandleError(InceptionHubError, OSError):
    """A handle or path leads to no module."""


class DownloadError(HandleError):
    """A download failed, was refused or does not match its published size and hash."""


class FormatError(InceptionHubError, ValueError):
    """A file is not what it claims to be: truncated, corrupt, hostile or of an unsupported kind."""


class WeightsError(InceptionHubError, ValueError):
    """Weights do not fit the architecture; the message lists all that is wrong with them."""


class ImageError(InceptionHubError, OSError, ValueError):
    """A photo cannot be read, or is larger than the limit."""


class AnswerError(InceptionHubError, ArithmeticError):
    """A module's outputs hold numbers that are not finite."""


class TrainingError(InceptionHubError, ArithmeticError):
    """Training cannot continue: the loss is no longer finite, or the GPU failed or is out of memory."""


class QuantizationError(InceptionHubError, ArithmeticError):
    """An int8 graph's predictions differ too much from float32's to be kept."""


class ExportError(InceptionHubError, ArithmeticError):
    """An export computes something else than the module it was made from, and is not kept."""


class DeviceMemoryError(InceptionHubError, MemoryError):
    """A device has no memory for even one image."""


class RequestError(InceptionHubError, ValueError):
    """A request to the server is not of the form its endpoint takes."""


class TooLargeError(RequestError):
    """A request holds more than the server's limits allow."""


class UnknownEncodingError(RequestError):
    """A request's body is compressed in a way that the server does not read."""


class AmbiguousLengthError(RequestError):
    """A request gives two lengths of its body, of which a proxy may take the other."""


class UnknownHostError(RequestError):
    """A request is addressed to a host that the server does not answer to."""


class ForeignOriginError(RequestError):
    """A web page of another site has sent a request."""


class SlowError(RequestError):
    """A request did not arrive in time."""


class OverloadedError(InceptionHubError, OSError):
    """The server has as much to do as it can hold; try again later."""


class NotReadyError(OverloadedError):
    """The server is not warmed up, is ending, or could not answer before the deadline."""


class OutputError(InceptionHubError, OSError):
    """A result cannot be written."""


class MissingExtraError(InceptionHubError, ImportError):
    """An optional dependency is not installed; the message holds the install command."""
