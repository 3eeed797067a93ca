# syntax=docker/dockerfile:1
# There are two ways to build the image: `docker buildx build --platform linux/amd64,linux/arm64 .` compiles the program in
# the container; a release (--target release) copies the binaries that it has already compiled.

FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG TARGETOS TARGETARCH
ARG VERSION=dev COMMIT=unknown DATE=unknown
# The compiler runs on the platform of the builder and compiles for the target platform, so no emulation is needed.
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath \
    -ldflags "-s -w -X main.version=$VERSION -X main.commit=$COMMIT -X main.date=$DATE" \
    -o /out/lagscaler ./cmd/lagscaler

# The files that a static program needs: certificate authorities for TLS, and time zones for schedules. There is no shell,
# no libc and no package manager.
FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS system
RUN mkdir -p /root-fs/etc/ssl/certs /root-fs/usr/share /root-fs/tmp \
    && cp /etc/ssl/certs/ca-certificates.crt /root-fs/etc/ssl/certs/ \
    && cp -r "$(go env GOROOT)/lib/time" /root-fs/usr/share/zoneinfo-go \
    && echo 'nonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin' > /root-fs/etc/passwd \
    && chmod 1777 /root-fs/tmp

FROM scratch AS base
COPY --from=system /root-fs/ /
ENV ZONEINFO=/usr/share/zoneinfo-go/zoneinfo.zip SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
# A numeric user, so that Kubernetes can check runAsNonRoot. Any other user works too.
USER 65532:65532
EXPOSE 9090
ENTRYPOINT ["/usr/local/bin/lagscaler"]
CMD ["run", "--config=/etc/lagscaler/config/lagscaler.yaml"]

FROM base AS release
ARG TARGETPLATFORM
COPY ${TARGETPLATFORM}/lagscaler /usr/local/bin/lagscaler

FROM base
COPY --from=build /out/lagscaler /usr/local/bin/lagscaler
