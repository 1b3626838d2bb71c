"""Lets schemathesis send bodies that are bytes as they are."""

import schemathesis


@schemathesis.serializer("application/cbor")
def cbor(_, value):
    return value if isinstance(value, bytes) else b"\xa0"
