# syntax=docker/dockerfile:1
# The server as one static binary, run by nobody on a read-only root file system. Data lives in the volume /data.
FROM golang:1.26-alpine AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=""
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/milepost ./cmd/milepost \
 && mkdir -p /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/milepost /milepost
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
# Go returns memory before a machine of 256 MB runs out; with more, set GOMEMLIMIT to four fifths of it.
ENV DATABASE_URL=sqlite:///data/milepost.db LOG_FORMAT=json PORT=8080 GOMEMLIMIT=200MiB
VOLUME /data
EXPOSE 8080
# The image has no shell and no curl: the binary asks itself.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["/milepost", "doctor", "--healthz"]
ENTRYPOINT ["/milepost"]
CMD ["serve"]
