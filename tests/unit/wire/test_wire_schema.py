"""The schema language: what a text means, and what it says when it means nothing."""

import pytest

from tautolog.wire import schema
from tautolog.wire.schema import NEVER, Versions

TEXT = """\
# Example: shows the language.
request ExampleRequest key 7 versions 1-4 flexible 3+ listeners broker,controller
  struct Place
    host      string    1+
  name        string    1+    nullable 2+  = null
  places      []Place   1-2
  elsewhere   Place     3+    nullable 3+  = null
  epoch       int64     2+    tag 0 3+     = -1

response ExampleResponse key 7 versions 1-4 flexible 3+
  error_code  int16     1+    # trailing comment
"""


def test_a_text_becomes_data():
    api = schema.parse("example", TEXT)
    assert (api.key, api.request.versions, api.request.flexible) == (7, Versions(1, 4), Versions(3, schema.MAX_VERSION))
    assert api.request.listeners == ("broker", "controller")
    name, places, elsewhere, epoch = api.request.fields
    assert (name.nullable, name.default, name.tag) == (Versions(2, schema.MAX_VERSION), "null", None)
    assert (places.array, places.type, places.versions, places.nullable) == (True, "Place", Versions(1, 2), NEVER)
    assert places.fields == elsewhere.fields
    assert (epoch.tag, epoch.tagged.first, epoch.versions.first, epoch.default) == (0, 3, 2, "-1")
    assert not epoch.is_struct
    assert elsewhere.is_struct


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("  name  ", "   name ", "example.schema:5: indent by two spaces a level"),
        ("[]Place", "[]Plaice", "example.schema:2: field 'places': no structure 'Plaice' is given"),
        ("nullable 3+", "nullabel 3+", "field 'elsewhere': 'nullabel' is none of nullable, tag, ="),
        ("versions 1-4 flexible 3+ listeners", "versions x flexible 3+ listeners", "example.schema:2: cannot read"),
    ],
)
def test_what_does_not_parse_names_the_line(old, new, text):
    with pytest.raises(schema.SchemaError) as caught:
        schema.parse("example", TEXT.replace(old, new))
    assert text in str(caught.value)


@pytest.mark.parametrize(("text", "inside", "outside"), [("3+", 3, 2), ("3-7", 7, 8), ("3", 3, 4), ("0-0", 0, 1)])
def test_versions(text, inside, outside):
    versions = Versions.parse(text)
    assert inside in versions
    assert outside not in versions


def test_no_versions():
    assert Versions.parse("none") == NEVER
    assert 0 not in NEVER


def test_each_schema_says_what_its_api_does():
    folder = schema.resources.files("tautolog.wire") / "schemas"
    for name in schema.names():
        first = (folder / f"{name}.schema").read_text(encoding="utf-8").splitlines()[0]
        title = schema.load(name).request.name.removesuffix("Request")
        assert first.startswith(f"# {title}: ")
        assert first.endswith(".")
