"""A connection to the portal that is kept between calls, through the proxy of the environment where there is one."""

import base64
import http.client
import ssl
from contextlib import suppress
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

WAIT_SECONDS = 10
LONGEST_ANSWER = 64 * 1024
PROXY_PORT = 80
DROPPED = (http.client.BadStatusLine, http.client.CannotSendRequest, ConnectionError)


class Elsewhere(Exception):
    """The portal answered with a redirect; the text is where to. What is sent is for the portal alone."""


class Line:
    """Calls to one portal, one after the other; for one thread."""

    def __init__(self, portal_url: str, tls: ssl.SSLContext | None = None, longest: int = LONGEST_ANSWER) -> None:
        """tls: shared by several lines, as reading trusted certificates takes long. longest: an answer, in octets."""
        self.portal_url = portal_url
        self._longest = longest
        self._tls = tls
        self._connection: http.client.HTTPConnection | None = None
        self._before = ""  # what a proxy wants before the path, and to be told
        self._headers: dict[str, str] = {}

    def call(self, path: str, headers: dict[str, str], body: bytes | None) -> tuple[int, bytes]:
        """Status and body of the answer: to a GET, or with a body to a POST, which may come to the portal twice.

        Raises: Elsewhere, OSError, HTTPException, and ValueError for an address that is none.
        """
        if self._connection is not None:
            # What was kept may have been closed meanwhile; that says nothing about the portal.
            with suppress(*DROPPED):
                return self._sent(self._connection, path, headers, body)
            self.close()
        self._connection = self._connected()
        return self._sent(self._connection, path, headers, body)

    def close(self) -> None:
        """Hang up; the next call connects anew."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _sent(
        self, connection: http.client.HTTPConnection, path: str, headers: dict[str, str], body: bytes | None
    ) -> tuple[int, bytes]:
        try:
            where = self._before + urlsplit(self.portal_url).path.rstrip("/") + path
            connection.request("GET" if body is None else "POST", where, body, headers | self._headers)
            answer = connection.getresponse()
            octets = answer.read(self._longest)
        except BaseException:
            self.close()
            raise
        if not answer.isclosed():  # more than anybody asked for is left in it
            self.close()
        if 300 <= answer.status < 400:
            raise Elsewhere(answer.headers.get("Location"))
        return answer.status, octets

    def _connected(self) -> http.client.HTTPConnection:
        portal = urlsplit(self.portal_url)
        if not portal.hostname:
            raise ValueError("the address names no host")
        proxy = _proxy_for(portal)
        place = proxy or portal
        host, port = place.hostname or "", place.port or (PROXY_PORT if proxy else None)
        if portal.scheme == "https":
            connection = http.client.HTTPSConnection(host, port, timeout=WAIT_SECONDS, context=self._context())
            if proxy:
                connection.set_tunnel(portal.hostname, portal.port, _credentials(proxy))
            return connection
        if proxy:
            self._before, self._headers = f"http://{portal.netloc}", _credentials(proxy)
        return http.client.HTTPConnection(host, port, timeout=WAIT_SECONDS)

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls


def _proxy_for(portal: SplitResult) -> SplitResult | None:
    url = getproxies().get(portal.scheme)
    if not url or proxy_bypass(portal.netloc):
        return None
    return urlsplit(url if "://" in url else f"http://{url}")


def _credentials(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    words = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": "Basic " + base64.b64encode(words.encode()).decode()}
