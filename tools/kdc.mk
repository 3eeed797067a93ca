# A key distribution center of Kerberos for e2e/servers/kdc, from Debian. The Makefile in the root folder includes this file.

.PHONY: kdc

## kdc: install the key distribution center for the tests of SASL GSSAPI
kdc:
	@PATH="$$PATH:/usr/sbin" sh tools/debian.sh 'testing with a real KDC' krb5kdc=krb5-kdc kadmin.local=krb5-kdc,krb5-admin-server
