"""What an OpenAPI document cannot say: where a request that fits it may still be 400, by pointer and code of the error.

Any other 400 to a request that fits the document is a failure, and so is any of these beside another.
"""

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import RejectedPositiveData

UNSAID = {
    ("?cursor", "invalid_cursor"),  # only the API can make one
    ("?skip", "excluded"),  # not beside a cursor
    ("?task_limit", "excluded"),  # only with include=tasks
    ("?fields", "excluded"),  # tasks, likewise
    ("?fields", "invalid_format"),  # no entry of a comma list twice
    ("?status", "invalid_format"),
    ("?type", "invalid_format"),
    ("?sort", "invalid_value"),
    ("/tasks", "too_long"),  # 500 on all levels together
    ("/tags", "contradiction"),  # no name in both add and remove
    ("/assignees", "contradiction"),  # nor a member
    ("/tags", "too_long"),  # 50 with those that the task has
    ("/shard", "unknown_shard"),  # there is one database here
    ("{id}", "invalid_format"),  # schemathesis follows the id of an API key's member, which can be null
}

CODES = {
    "blank",  # no pattern that all tools know tells which characters cannot be seen
    "too_large",  # bytes of metadata as the database prints it
    "two_owners",  # among the assignees of one task
}


def is_unsaid(error):
    # schemathesis makes no JSON to stand in a string.
    is_json_in_string = error["pointer"] == "?metadata"
    # What an operation of a batch takes is said where that operation is described.
    is_of_operation = error["pointer"].startswith("/operations/")
    return is_json_in_string or is_of_operation or error["code"] in CODES or (error["pointer"], error["code"]) in UNSAID


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """With `fields` the items of a page have those members alone, which a schema cannot say of one parameter."""
    schemas = raw_schema["components"]["schemas"]
    for schema in schemas.values():
        items = schema.get("properties", {}).get("data", {}).get("items", {})
        if "$ref" in items:
            name = items.pop("$ref").rsplit("/", 1)[1]
            items.update({**schemas[name], "required": []})


@schemathesis.hook
def filter_failure(context, failure, case, response):
    if isinstance(failure, AcceptedNegativeData):
        # Workers never see that header where it is empty.
        return (case.headers or {}).get("If-Match") != ""
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 400:
        return True
    errors = response.json().get("errors", [])
    return not errors or not all(is_unsaid(error) for error in errors)
