# Everything here can be typed by hand; `make help` lists it. A fresh Debian 12
# machine needs Go, gcc, make and git; other Debian packages are installed by
# the targets that need them, and only if they are missing.

GO      ?= go
PREFIX  ?= /usr/local
RUNTIME ?= $(CURDIR)/rung
COMMIT  ?= $(shell git describe --always --abbrev=12 --exclude='*' --dirty 2>/dev/null)

# `rung init` enters at _rung_start, before Go's runtime; see ARCHITECTURE.md.
LDFLAGS = -s -w -E _rung_start -X main.gitCommit=$(COMMIT)
# The tag leaves out package text/template, which nothing here prints with: a fifth
# of the binary.
GOBUILD = CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -tags urfave_cli_no_template

# Containers need root. A user without it gets it from sudo, with the same PATH.
AS_ROOT := $(if $(filter 0,$(shell id -u)),,sudo env "PATH=$$PATH")

# Packages whose tests need neither root nor a particular kernel. Those of them
# that are pure build for any system.
PURE = ./libcontainer/jsontext ./libcontainer/spec ./libcontainer/plan ./libcontainer/wire ./libcontainer/seccomp
NO_ROOT = $(PURE) . ./tests/gotest ./tests/bench ./tests/features
SCRIPTS = .ci/run tests/all tests/deps tests/fuzz tests/cross tests/reproducible tests/demo/run tests/demo/rootfs \
	tests/demo/inside tests/vm/run tests/vm/inside tests/vm/machine tests/clients/run tests/clients/newer tests/clients/crictl/build tests/integration/run tests/runtime-tools/run \
	tests/integration/fixtures tests/integration/debian-rootfs tests/newer tests/private.bash

# What `make test` runs, each a target of its own.
TIERS = test-pure test-structure test-kernel test-schema demo-quiet integration integration-runc test-clients test-vm

.DEFAULT_GOAL := build
.PHONY: help build test $(TIERS) test-clients-newer test-containerd test-runtime-tools features-table check ci fuzz bench demo docs lint tools cross reproducible install uninstall clean \
	deps deps-clients deps-demo deps-bench deps-lint debian-rootfs criu
MAKEFLAGS += --no-print-directory

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build ./rung, static, with its own entry point for init
	$(GOBUILD) -ldflags '$(LDFLAGS)' -o rung .

install: build ## install rung, its manual page and bash completion below PREFIX (/usr/local)
	install -D -m 755 rung '$(DESTDIR)$(PREFIX)/bin/rung'
	install -D -m 644 docs/man/rung.8 '$(DESTDIR)$(PREFIX)/share/man/man8/rung.8'
	install -D -m 644 docs/completion/rung.bash '$(DESTDIR)$(PREFIX)/share/bash-completion/completions/rung'

uninstall: ## remove what install put there
	rm -f '$(DESTDIR)$(PREFIX)/bin/rung' '$(DESTDIR)$(PREFIX)/share/man/man8/rung.8' \
		'$(DESTDIR)$(PREFIX)/share/bash-completion/completions/rung'

demo: build deps-demo ## run a first container, and say step by step how
	@$(AS_ROOT) env RUNTIME='$(RUNTIME)' tests/demo/run

test: build deps ## install what the tests need, run all of them, sum up
	@tests/all $(TIERS)

test-pure: ## tests that need no root; seconds
	@$(GO) run ./tests/gotest $(NO_ROOT)
	@GOOS=darwin $(GO) build $(PURE)

test-structure: ## who may import what, sizes of files, what init can reach
	@$(GO) run ./tests/gotest -count=1 ./internal/structure

test-kernel: ## tests of the Go packages against the running kernel
	@$(AS_ROOT) $(GO) run ./tests/gotest -count=1 -p 1 \
		$$($(GO) list ./... | grep -vxF "$$($(GO) list $(NO_ROOT) ./internal/structure)")

test-schema: build deps ## what rung prints, against the JSON schemas of the runtime-spec
	@$(GO) build -o .build/gotest ./tests/gotest
	@cd tests/schema && $(AS_ROOT) env RUNTIME='$(RUNTIME)' ../../.build/gotest -count=1 ./...

test-runtime-tools: build ## validation programs of opencontainers/runtime-tools; docs/compat.md says what differs
	@$(AS_ROOT) env RUNTIME='$(RUNTIME)' tests/runtime-tools/run

integration: build deps debian-rootfs criu ## the command line, with bats; RUNTIME=… for another binary
	@$(AS_ROOT) env RUNTIME='$(RUNTIME)' tests/integration/run $(FILES)

integration-runc: deps debian-rootfs criu ## the same tests on Debian's runc; docs/compat.md says what is skipped
	@$(AS_ROOT) env RUNTIME=runc tests/integration/run $(FILES)

test-clients: build deps deps-clients ## containerd, Docker, Podman and others with rung as their runtime; FILES=docker LONG=1
	@$(AS_ROOT) env RUNTIME='$(RUNTIME)' LONG='$(LONG)' FILTER='$(FILTER)' tests/clients/run $(FILES)

test-clients-newer: build deps deps-clients ## the same with the clients of Debian 13
	@$(AS_ROOT) env RUNTIME='$(RUNTIME)' LONG='$(LONG)' FILTER='$(FILTER)' ROOTFS="$$($(AS_ROOT) tests/clients/newer)" tests/clients/run $(FILES)

test-containerd: build deps ## only containerd of these
	@$(AS_ROOT) env RUNTIME='$(RUNTIME)' tests/clients/run containerd

test-vm: build deps ## kernel and integration tests on cgroup v2 and systemd, in an emulator or by RUN_IN_VM
	@RUN_IN_VM='$(RUN_IN_VM)' tests/vm/run

# The demo has to work: what it prints is of interest only when it does not.
demo-quiet: build deps-demo
	@out=$$($(AS_ROOT) env RUNTIME='$(RUNTIME)' tests/demo/run 2>&1) && echo '1 passed, 0 failed, 0 skipped' || \
		{ echo "$$out"; echo '0 passed, 1 failed, 0 skipped'; exit 1; }

FUZZTIME ?= 10s
fuzz: ## every fuzz test for FUZZTIME (10s)
	@tests/fuzz $(FUZZTIME)

bench: build deps-bench ## compare rung with Debian's crun and runc; BENCH='-n 60 -idle 300ms -json FILE'
	@$(AS_ROOT) $(GO) run ./tests/bench $(BENCH)

docs: ## print the step and message tables into ARCHITECTURE.md again
	$(GO) test ./internal/structure -count=1 -run Architecture -update

features-table: ## print which tests there are for each field of the runtime-spec
	@$(GO) run ./tests/features

lint: deps-lint ## gofmt, go vet, shellcheck, and golangci-lint if it is installed
	@unformatted=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
		[ -z "$$unformatted" ] || { echo "not formatted: $$unformatted"; exit 1; }
	$(GO) vet ./...
	GOARCH=arm64 $(GO) vet ./...
	GOOS=darwin $(GO) vet $(PURE)
	shellcheck $(SCRIPTS)
	@for lint in .build/bin/golangci-lint golangci-lint; do \
		command -v $$lint >/dev/null || continue; \
		echo "$$lint run"; $$lint run; exit; \
	done; echo 'golangci-lint: not installed, see make tools'

tools: ## install golangci-lint in .build/bin; takes minutes
	GOBIN='$(CURDIR)/.build/bin' $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.12.2

cross: ## build for arm64 and try it in an emulator
	@GOBUILD='$(GOBUILD)' LDFLAGS='$(LDFLAGS)' tests/cross

reproducible: ## build twice, in two places, and compare
	@GOBUILD='$(GOBUILD)' LDFLAGS='$(LDFLAGS)' tests/reproducible

check: lint cross reproducible ## what needs no container

ci: check fuzz test ## everything

clean: ## remove what was built
	rm -rf rung rung-arm64 .build

# Debian packages, each after the file or program that shows it is there.
DEPS_DEMO  = busybox=busybox-static jq=jq ps=procps
DEPS_BENCH = busybox=busybox-static crun=crun runc=runc
DEPS_TEST  = $(DEPS_DEMO) bats=bats file=file runc=runc containerd=containerd debootstrap=debootstrap \
	gcc=gcc /usr/include/seccomp.h=libseccomp-dev ip=iproute2 mkfs.ext4=e2fsprogs newuidmap=uidmap
DEPS_CLIENTS = containerd=containerd dockerd=docker.io tini-static=tini iptables=iptables podman=podman buildah=buildah conmon=conmon \
	catatonit=catatonit newuidmap=uidmap slirp4netns=slirp4netns fuse-overlayfs=fuse-overlayfs /usr/lib/cni/bridge=containernetworking-plugins

deps: ## install the Debian packages that the tests need, if missing
	@$(AS_ROOT) tests/deps $(DEPS_TEST)
deps-clients:
	@$(AS_ROOT) tests/deps $(DEPS_CLIENTS)
deps-demo:
	@$(AS_ROOT) tests/deps $(DEPS_DEMO)
deps-bench:
	@$(AS_ROOT) tests/deps $(DEPS_BENCH)
deps-lint:
	@$(AS_ROOT) tests/deps shellcheck=shellcheck

# Some tests want a bigger root filesystem; without it they are skipped.
debian-rootfs: deps
	@$(AS_ROOT) tests/integration/debian-rootfs || echo 'go on without a Debian root filesystem'

# criu of a newer Debian, for checkpoint.bats and restore.bats; without it, or one of this machine
# that works, those tests are skipped.
criu:
	@$(AS_ROOT) tests/newer criu criu || echo 'go on without a newer criu'
