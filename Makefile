# The front door. Every target installs what it needs (Debian 12 packages, through sudo when not root).
#   make demo    build what the demo needs and run it: a whole story in a minute
#   make test    build everything with sanitizers and run all tests
#   make build   the release: build/release/bin, build/release/lib/penstock/connectors
#   make sdk     the SDK for authors of connectors, as a tarball in build/release/packages
#   make deb     host and SDK as one Debian package, there too
#   make bench   speed, as ratios measured in one run (tests/bench/README.md; BENCH=--quick: two minutes)
#   make mutants deliberate bugs, each of which a test must catch (an hour)
#   make format  clang-format over the tree
JOBS ?= $(shell nproc)
export CMAKE_BUILD_PARALLEL_LEVEL = $(JOBS)

.PHONY: help build sdk deb demo readme test mutants bench format check-format tidy clean deps-build deps-test

help:
	@sed -n '2,9p' Makefile | cut -c3-

deps-build:
	@packaging/install-packages.sh build

deps-test:
	@packaging/install-packages.sh build test

build/release/build.ninja: CMakeLists.txt CMakePresets.json
	@cmake --preset release >build-release.log 2>&1 || { cat build-release.log; rm -f build-release.log; exit 1; }
	@rm -f build-release.log

build: deps-build
	@$(MAKE) --no-print-directory build/release/build.ninja
	cmake --build --preset release

sdk: build
	cd build/release && cpack -G TGZ

deb: build
	@packaging/install-packages.sh deb
	cd build/release && cpack -G DEB

demo: deps-build
	@$(MAKE) --no-print-directory build/release/build.ninja
	@packaging/quiet-build.sh release penstock penstock_connector_hubspot hubspot-sandbox
	@packaging/demo/demo.sh

readme: demo
	@packaging/demo/update-readme.sh

test: deps-test check-format
	cmake --preset debug
	cmake --build --preset debug
	ctest --preset debug -j $(JOBS)

mutants: deps-test
	@tests/mutants/run.py

bench: deps-test
	cmake --preset release -B build/bench -DPENSTOCK_TESTS=ON -DPENSTOCK_BENCH=ON
	cmake --build build/bench --target benchmarks
	tests/bench/run.sh build/bench $(BENCH)

format: deps-test
	@git ls-files '*.cc' '*.h' '*.hpp' | xargs clang-format -i

check-format:
	@git ls-files '*.cc' '*.h' '*.hpp' | xargs clang-format --dry-run --Werror

tidy: deps-test
	@packaging/install-packages.sh tidy
	@mkdir -p build/tidy # the compiler's own commands, without what only it understands: its precompiled headers
	@sed -e 's/-Winvalid-pch -include [^ ]*//; s/-Wno-restrict//' build/debug/compile_commands.json > build/tidy/compile_commands.json
	@git ls-files 'core/*.cc' 'host/*.cc' 'sdk/*.cc' 'plugins/*.cc' | xargs -P $(JOBS) -n 4 clang-tidy --quiet \
	  --extra-arg=-Wno-ambiguous-reversed-operator -p build/tidy

clean:
	rm -rf build demo
