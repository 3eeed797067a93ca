# What the program is made of: its licenses, and its known vulnerabilities.

GOVULNDB ?= https://vuln.go.dev
GOVULNCHECK ?= $(MAKE) --no-print-directory govulncheck && govulncheck

.PHONY: notices vulnerabilities

## notices: write THIRD_PARTY_NOTICES from what is linked into the program; after a dependency changed
notices:
	go test -vet=off -count=1 -run '^TestThirdPartyNotices$$' . -update

## vulnerabilities: fail if the program calls code with a known vulnerability; needs the database, and says so where it cannot be reached
vulnerabilities:
	@if curl --fail --silent --max-time 10 --output /dev/null '$(GOVULNDB)/index/db.json'; then \
		$(ASIDE) $(GOVULNCHECK) -db '$(GOVULNDB)' ./...; \
	else \
		echo 'vulnerabilities: NOT CHECKED, because curl cannot reach $(GOVULNDB)'; \
	fi
