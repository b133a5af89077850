"""`python -m indexer` is `profile-search`."""

from indexer.cli import main

if __name__ == "__main__":
    main(prog_name="profile-search")
