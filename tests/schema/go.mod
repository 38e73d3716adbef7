module github.com/oci-rung/rung/tests/schema

go 1.26.0

require (
	github.com/opencontainers/runtime-spec v1.3.0
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3
)

require golang.org/x/sys v0.49.0

require golang.org/x/text v0.14.0 // indirect
