"""Pages of other sites that are let in (CORS): Starlette's middleware, whose refusals are sentences here."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from .responses import message_response


class PagesMiddleware(CORSMiddleware):
    """Lets pages of the allowed origins send photos and read responses."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """What a browser asks before it sends a page's request."""
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return response
        reason = bytes(response.body).decode()
        refusal = message_response(
            f"The page may not send this ({reason}); those of the origins that --allow-origin names may send "
            "GET and POST.",
            response.status_code,
        )
        for name, value in response.headers.items():
            refusal.headers.setdefault(name, value)
        return refusal
