"""A check of JSON values against the part of JSON Schema that our OpenAPI document uses."""

from __future__ import annotations

import re
from typing import Any

_KEYWORDS = {"$ref", "additionalProperties", "anyOf", "default", "description", "enum", "items", "maximum", "maxLength"}
_KEYWORDS |= {"minimum", "minLength", "pattern", "properties", "required", "type"}
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def problems(value: Any, schema: dict[str, Any], schemas: dict[str, Any], where: str = "body") -> list[str]:
    """What is wrong with ``value``, each with the place where; ``schemas`` are those that references name."""
    if unknown := schema.keys() - _KEYWORDS:
        return [f"{where}: the check does not know {sorted(unknown)}"]
    if "$ref" in schema:
        return problems(value, schemas[schema["$ref"].removeprefix("#/components/schemas/")], schemas, where)
    if "anyOf" in schema:
        found = [problems(value, one, schemas, where) for one in schema["anyOf"]]
        return [] if [] in found else found[0]
    kind = schema.get("type")
    if kind and (not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
        return [f"{where}: {value!r} is not of the type {kind}"]
    return [*_of_value(value, schema, where), *_of_parts(value, schema, schemas, where)]


def _of_value(value: Any, schema: dict[str, Any], where: str) -> list[str]:
    if "enum" in schema and value not in schema["enum"]:
        return [f"{where}: {value!r} is not one of {schema['enum']}"]
    if "pattern" in schema and not re.search(schema["pattern"], value):
        return [f"{where}: {value!r} does not match {schema['pattern']}"]
    if "minimum" in schema and value < schema["minimum"]:
        return [f"{where}: {value} is less than {schema['minimum']}"]
    if "maximum" in schema and value > schema["maximum"]:
        return [f"{where}: {value} is more than {schema['maximum']}"]
    return []


def _of_parts(value: Any, schema: dict[str, Any], schemas: dict[str, Any], where: str) -> list[str]:
    found = []
    if isinstance(value, list) and "items" in schema:
        for number, one in enumerate(value):
            found += problems(one, schema["items"], schemas, f"{where}[{number}]")
    if isinstance(value, dict):
        named = schema.get("properties", {})
        found += [f"{where}: {name} is missing" for name in schema.get("required", ()) if name not in value]
        if schema.get("additionalProperties") is False:
            found += [f"{where}: {name} is not in the schema" for name in value if name not in named]
        for name, one in named.items():
            if name in value:
                found += problems(value[name], one, schemas, f"{where}.{name}")
    return found
