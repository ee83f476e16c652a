from tautolog.cli import api_reference


def test_page_is_up_to_date():
    assert api_reference.PAGE.read_text(encoding="utf-8") == api_reference.render(), (
        "run python -m tautolog.cli.api_reference"
    )


def test_page_names_every_served_api():
    from tautolog.core import api

    assert sum(line.startswith("## ") for line in api_reference.render().splitlines()) == len(api.SERVED)
