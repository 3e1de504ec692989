"""The server's side of a REST-XML API, driven by botocore's own model of it.

Requests are read, and answers written, as the model says; both are checked against their shapes,
so that a wrong call fails here as it would at AWS, and a wrong answer fails in the simulation
rather than in the code under test.
"""

from __future__ import annotations

import datetime
import re
import urllib.parse
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import botocore.loaders
import botocore.model
import botocore.validate

Json = dict[str, Any]


class ApiError(Exception):
    """An error of the API: its code, HTTP status and message."""

    def __init__(self, code: str, status: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


@dataclass(frozen=True)
class Request:
    """What came in, with names in lower case for headers."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What goes out."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Protocol:
    """Reads and writes the operations of one service."""

    def __init__(self, service: str, operations: tuple[str, ...]) -> None:
        document = botocore.loaders.Loader().load_service_model(service, "service-2")
        self._service = botocore.model.ServiceModel(document, service)
        self._namespace = str(self._service.metadata.get("xmlNamespace", ""))
        if not self._namespace:
            # CloudFront's namespace stands at the bodies of its requests.
            self._namespace = f"http://{service}.amazonaws.com/doc/{self._service.api_version}/"
        self._routes = [_Route(self._service.operation_model(name)) for name in operations]

    def route(self, request: Request) -> _Route | None:
        """Which operation a request asks for; None if it is none of ours."""
        found = [route for route in self._routes if route.match(request) is not None]
        return max(found, key=lambda route: len(route.query), default=None)

    def read(self, route: _Route, request: Request) -> Json:
        """The operation's parameters. Raises ApiError for what the model does not allow."""
        model = route.operation
        shape = model.input_shape
        assert isinstance(shape, botocore.model.StructureShape)
        values: Json = {}
        labels = route.match(request) or {}
        query = dict(urllib.parse.parse_qsl(request.query, keep_blank_values=True))
        for name, member in shape.members.items():
            place = member.serialization.get("location")
            key = member.serialization.get("name", name)
            text = {
                "uri": labels.get(key),
                "querystring": query.get(key),
                "header": request.headers.get(str(key).lower()),
            }.get(str(place))
            if text is not None:
                values[name] = _scalar(member, text)
        payload = shape.serialization.get("payload")
        if request.body:
            root = _parse(request.body)
            if payload is not None:
                values[payload] = _read(shape.members[payload], root)
            else:
                inside = _read(shape, root)
                values |= {key: value for key, value in inside.items() if key not in values}
        check(values, shape)
        return values

    def write(self, route: _Route, result: Json) -> Answer:
        """The answer of an operation. Raises AssertionError if the model does not allow it."""
        model = route.operation
        status = int(model.http.get("responseCode", 200))
        shape = model.output_shape
        if shape is None:
            return Answer(status, {}, b"")
        assert isinstance(shape, botocore.model.StructureShape)
        report = botocore.validate.ParamValidator().validate(result, shape)
        assert not report.has_errors(), f"{model.name}: {report.generate_report()}"
        headers = {}
        for name, member in shape.members.items():
            if member.serialization.get("location") == "header" and name in result:
                headers[member.serialization.get("name", name)] = str(result[name])
        payload = shape.serialization.get("payload")
        body = b""
        if payload in result:
            member = shape.members[payload]
            root = ET.Element(member.serialization.get("name", payload), xmlns=self._namespace)
            _write(root, member, result[payload])
            body = ET.tostring(root, encoding="utf-8", xml_declaration=True)
        return Answer(status, {"Content-Type": "text/xml", **headers}, body)

    def refuse(self, error: ApiError) -> Answer:
        """The answer for an error."""
        root = ET.Element("ErrorResponse", xmlns=self._namespace)
        inside = ET.SubElement(root, "Error")
        ET.SubElement(inside, "Type").text = "Sender"
        ET.SubElement(inside, "Code").text = error.code
        ET.SubElement(inside, "Message").text = str(error)
        ET.SubElement(root, "RequestId").text = "00000000-0000-0000-0000-000000000000"
        body = ET.tostring(root, encoding="utf-8", xml_declaration=True)
        return Answer(error.status, {"Content-Type": "text/xml"}, body)


class _Route:
    def __init__(self, operation: botocore.model.OperationModel) -> None:
        self.operation = operation
        path, _, self.query = str(operation.http["requestUri"]).partition("?")
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)
        self._pattern = re.compile(f"{pattern}/?")

    @property
    def name(self) -> str:
        """The operation's name."""
        return str(self.operation.name)

    def match(self, request: Request) -> dict[str, str] | None:
        """The labels in the path; None if the request is for something else."""
        if request.method != self.operation.http["method"]:
            return None
        if self.query and not request.query.startswith(self.query):
            return None
        found = self._pattern.fullmatch(request.path)
        if found is None:
            return None
        return {key: urllib.parse.unquote(value) for key, value in found.groupdict().items()}


def check(values: Json, shape: botocore.model.Shape) -> None:
    """Raise the API's own error for values that a shape does not allow."""
    report = botocore.validate.ParamValidator().validate(values, shape)
    if report.has_errors():
        raise ApiError("MalformedInput", 400, report.generate_report())


def _parse(body: bytes) -> ET.Element:
    try:
        return ET.fromstring(body)
    except ET.ParseError as error:
        raise ApiError("MalformedXML", 400, f"The XML is not well formed: {error}") from error


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _read(shape: botocore.model.Shape, node: ET.Element) -> Any:
    if isinstance(shape, botocore.model.StructureShape):
        names = {
            member.serialization.get("name", name): name for name, member in shape.members.items()
        }
        values: Json = {}
        for child in node:
            tag = _local(child.tag)
            if tag not in names:
                raise ApiError("MalformedInput", 400, f"Unexpected element {tag} in {shape.name}")
            values[names[tag]] = _read(shape.members[names[tag]], child)
        return values
    if isinstance(shape, botocore.model.ListShape):
        return [_read(shape.member, child) for child in node]
    return _scalar(shape, node.text or "")


def _scalar(shape: botocore.model.Shape, text: str) -> Any:
    try:
        match shape.type_name:
            case "boolean":
                return {"true": True, "false": False}[text.lower()]
            case "integer" | "long":
                return int(text)
            case "float" | "double":
                return float(text)
            case _:
                return text
    except (KeyError, ValueError) as error:
        raise ApiError("MalformedInput", 400, f"{text!r} is no {shape.type_name}") from error


def _write(node: ET.Element, shape: botocore.model.Shape, value: Any) -> None:
    if isinstance(shape, botocore.model.StructureShape):
        for name, member in shape.members.items():
            if name in value and value[name] is not None:
                child = ET.SubElement(node, member.serialization.get("name", name))
                _write(child, member, value[name])
    elif isinstance(shape, botocore.model.ListShape):
        for item in value:
            child = ET.SubElement(node, shape.member.serialization.get("name", "member"))
            _write(child, shape.member, item)
    elif isinstance(value, bool):
        node.text = str(value).lower()
    elif isinstance(value, datetime.datetime):
        node.text = value.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    else:
        node.text = str(value)
