# The documentation as a static site: site/mkdocs.yml, built from docs/.

CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/lagscaler
SITE := $(CACHE)/site-$(shell cksum < site/requirements.txt | cut -d' ' -f1)

.PHONY: site site-check site-update

# With --quiet mkdocs does not count warnings, so it would accept broken links.
## site: build the documentation as a site, into dist-site/, and check its links
site: $(SITE)/bin/mkdocs
	NO_MKDOCS_2_WARNING=1 $(ASIDE) $(SITE)/bin/mkdocs build --config-file site/mkdocs.yml --site-dir '$(CURDIR)/dist-site'
	@echo 'dist-site/index.html'

# A part of make test. Where no package index can be reached, one line says so.
site-check:
	@if ! message=$$($(MAKE) --no-print-directory $(SITE)/bin/mkdocs 2>&1); then \
		echo "site: NOT CHECKED, because its generator cannot be installed: $$(tail -n 1 <<< "$$message")"; \
		exit 0; \
	fi; \
	$(MAKE) --no-print-directory site

$(SITE)/bin/mkdocs:
	@sh tools/debian.sh 'make site' python3=python3,python3-venv
	@mkdir -p '$(CACHE)'
	@flock '$(CACHE)/site.lock' sh -c 'test -x "$@" || { rm -rf "$(SITE)" && python3 -m venv "$(SITE)" && \
		"$(SITE)/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement site/requirements.txt; }'

## site-update: take the newest generator of the site
site-update:
	@dir=$$(mktemp -d) && python3 -m venv "$$dir" && "$$dir/bin/pip" install --quiet mkdocs-material && \
		{ sed -n 1p site/requirements.txt; "$$dir/bin/pip" freeze; } > site/requirements.new && mv site/requirements.new site/requirements.txt && rm -rf "$$dir"
