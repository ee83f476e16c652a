"""`python -m tautolog` is `tautolog`."""

from tautolog.cli.main import main

if __name__ == "__main__":
    main()
