"""An HTTP server for one module: several interfaces over the command line's inference, within limits."""
