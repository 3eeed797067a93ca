# The image of a folder that `make image` or a release has prepared: nothing is pulled, and nothing runs while it is built.
#
#   rootfs/             certificate authorities for TLS, time zones for schedules, the licenses, a user, /tmp
#   linux/amd64/ ...    the program, for each platform
#
# There is no shell, no libc and no package manager.
FROM scratch
COPY rootfs/ /
ARG TARGETPLATFORM
COPY ${TARGETPLATFORM}/lagscaler /usr/local/bin/lagscaler
ENV ZONEINFO=/usr/share/zoneinfo-go/zoneinfo.zip SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
# A numeric user, so that Kubernetes can check runAsNonRoot. Any other user works too.
USER 65532:65532
EXPOSE 9090
ENTRYPOINT ["/usr/local/bin/lagscaler"]
CMD ["run", "--config=/etc/lagscaler/config/lagscaler.yaml"]
