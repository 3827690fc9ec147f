# Two-Way Street. `make run` brings the forum up, `make test` runs every test; `make help` lists the rest.

PYTHON ?= python3
IN = .venv/bin/python
MANAGE = $(IN) manage.py
LOCKING = --quiet --upgrade --generate-hashes --universal --python-version 3.11 --no-header --no-annotate
.DEFAULT_GOAL = help
.PHONY: help install install-dev run test test-fast check translations bench moderator demo demo-remove lock clean
MAKEFLAGS += --no-print-directory

help:  ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22

install:
	@$(PYTHON) forum/install.py

install-dev:
	@$(PYTHON) forum/install.py --dev

run: install  ## the forum in the browser, from a fresh machine on; Ctrl-C stops everything
	@$(MANAGE) serve

# what Python compiles is kept, also where the environment forbids it: a run starts some eighty programs
test test-fast: export PYTHONDONTWRITEBYTECODE =

test: install-dev  ## every test, on a PostgreSQL of its own
	@$(IN) -m pytest -n 2 --dist loadgroup $(ARGS)

test-fast: install-dev  ## every test but those that drive a browser or start servers and other programs
	@$(IN) -m pytest -n 2 --dist loadgroup -m "not browser and not processes" $(ARGS)

check: install-dev  ## lint, format, types, templates, migrations, deployment settings
	@$(IN) -m ruff check .
	@$(IN) -m ruff format --check .
	@$(IN) -m mypy
	@find templates -name "*.html" -o -name "*.txt" | xargs .venv/bin/djade --target-version 5.2 --check
	@$(MANAGE) check --fail-level WARNING
	@$(IN) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run  # it warns that no server runs, and needs none
	@# the settings of a server; on a server itself, 'manage.py check --deploy' names what its environment lacks
	@DEBUG=0 SECRET_KEY=$$($(IN) -c 'import secrets; print(secrets.token_urlsafe(50))') ALLOWED_HOSTS=forum.example \
		SITE_URL=https://forum.example TRUSTED_PROXIES=1 EMAIL_URL=smtp+tls://user:password@mail.example:587 \
		CONTACT_EMAIL=owner@forum.example $(MANAGE) check --deploy --tag security --fail-level WARNING

bench: install-dev  ## what every kind of page costs, on threads of 1,000 to 1,000,000 comments
	@$(IN) -W ignore::RuntimeWarning -m bench $(ARGS)

moderator: install  ## EMAIL=you@example.org makes or promotes a moderator
	@test -n "$(EMAIL)" || { echo "Whom? make moderator EMAIL=you@example.org"; exit 1; }
	@$(MANAGE) make_moderator "$(EMAIL)"

owner: install  ## EMAIL=you@example.org makes or promotes an owner
	@test -n "$(EMAIL)" || { echo "Whom? make owner EMAIL=you@example.org"; exit 1; }
	@$(MANAGE) make_moderator --owner "$(EMAIL)"

demo: install  ## fill the seed thread with a sample conversation, marked as such
	@$(MANAGE) demo

demo-remove: install  ## take the sample conversation away
	@$(MANAGE) demo --remove

lock:  ## pin the newest versions that pyproject.toml allows, with hashes
	uv pip compile $(LOCKING) pyproject.toml -o requirements.lock
	uv pip compile $(LOCKING) --group dev pyproject.toml -o requirements-dev.lock

translations:  ## collect the texts of the source for translation, and compile them; needs GNU gettext
	@$(MANAGE) makemessages --all --no-location --no-wrap --ignore .venv --ignore tests --ignore var --ignore bench
	@$(MANAGE) compilemessages --ignore .venv

clean:  ## remove .venv, caches and collected files; the database stays
	rm -rf .venv .pytest_cache .ruff_cache .mypy_cache .hypothesis var/static
