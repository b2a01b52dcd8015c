"""The description of the API, for programs and for people; nothing on the page comes from elsewhere."""

from typing import Any

from flask import Response, jsonify, make_response, render_template

from portal.api.door import api, base_url, unkept
from portal.api.guards import public
from portal.api.openapi import description


@api.get("/openapi.json")
@public
def openapi() -> Response:
    """OpenAPI 3.1."""
    return unkept(jsonify(description() | {"servers": [{"url": base_url()}]}))


@api.get("/")
@public
def reference() -> Response:
    """The same for people, as a page of ours."""
    document = description()
    rooms = [(tag["name"], _operations(document, tag["name"])) for tag in document["tags"]]
    page = render_template("api/reference.html", document=document, rooms=rooms, address=base_url())
    return unkept(make_response(page))


def _operations(document: dict[str, Any], tag: str) -> list[tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) of all that carry this tag."""
    return [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if tag in operation["tags"]
    ]
