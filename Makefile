# ProfBilet: everything a fresh Debian 12 needs is installed, built and run from here.
# Swift 6.3 must be on PATH (https://www.swift.org/install/linux/).

# Without it dependency traits come in random order and half of all re-plans recompile.
export SWIFT_DETERMINISTIC_HASHING = 1
export LC_ALL = C.UTF-8
# scripts lie beside sources, where nothing is to be written
export PYTHONDONTWRITEBYTECODE = 1

PROFBILET = .build/debug/profbilet
PACKAGES = zlib1g-dev libpcsclite-dev libssl-dev libsqlite3-dev libpq-dev libzip-dev libexpat1-dev libharfbuzz-dev \
	libxlsxwriter-dev libzbar-dev libp11-kit-dev fonts-paratype poppler-utils sqlite3 openssl
TEST_PACKAGES = $(PACKAGES) pcscd vsmartcard-vpcd iproute2 pkg-config postgresql python3-venv libqrencode-dev \
	qpdf ghostscript libzbar0 chromium softhsm2 mandoc
VENV = .build/venv
KILLS ?= 500
RUNS ?= 10000
SECONDS_A_TARGET ?= 600
ROWS ?= 1000000
REGIONS ?= Tests/Golden/Data/regions_80.tsv
SCALE ?= 1
RELEASE = swift build -c release --static-swift-stdlib --scratch-path .build-release

# what `test` runs on the real program, two at a time, the longest first
END = Tests/EndToEnd
POSTGRES = Tests/with-postgres.sh python3
SCRIPTS = '$(VENV)/bin/python $(END)/production.py --cards 100' 'python3 $(END)/partner.py' \
	'$(POSTGRES) $(END)/custody.py' '$(POSTGRES) $(END)/faults.py' 'python3 $(END)/station.py' \
	'$(VENV)/bin/python $(END)/service.py' 'python3 $(END)/cabinet_http.py --pairs 2000' \
	'python3 $(END)/stations_http.py' 'python3 $(END)/kills_http.py' 'python3 $(END)/operator_http.py' \
	'$(VENV)/bin/python $(END)/virtual.py' \
	'python3 $(END)/delivery.py' '$(POSTGRES) $(END)/chaos.py 8' 'python3 $(END)/chaos.py 20' \
	'python3 $(END)/custody.py' 'python3 $(END)/faults.py' 'python3 $(END)/operation.py' 'python3 $(END)/rights.py' \
	'$(POSTGRES) $(END)/rights.py' 'python3 Tests/Golden/golden.py --scale 100 --name golden-100' \
	'python3 Tests/Golden/altered.py' '$(VENV)/bin/python $(END)/desk.py' \
	'$(VENV)/bin/python $(END)/report_page.py' '$(VENV)/bin/python Tests/independent/check.py'

.PHONY: build demo test lint packages test-packages venv release package package-test fuzz bench chaos golden clean help

help: ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*##/:/'

packages:
	@.ci/packages $(PACKAGES)

test-packages:
	@.ci/packages $(TEST_PACKAGES)

build: packages ## the program, debug
	swift build --product profbilet --explicit-target-dependency-import-check error

demo: build ## a dirty roster becomes a card package; chip cards and a phone are judged at an event's door
	@.ci/packages pcscd vsmartcard-vpcd iproute2 pkg-config python3 curl
	swift build --product card-emulator
	@PROFBILET=$(PROFBILET) .ci/demo

lint: ## format, strictly
	swift format lint --strict --recursive --parallel Sources Tests Package.swift

$(VENV)/ready: Tests/independent/requirements.txt
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

# what the benchmark's peer is made of
$(VENV)/bench: $(VENV)/ready
	$(VENV)/bin/pip install --quiet --disable-pip-version-check reportlab==4.2.5 segno==1.6.1 cbor2
	touch $@

venv: test-packages
	@$(MAKE) --no-print-directory $(VENV)/ready

test: test-packages lint venv ## everything: unit tests on both databases, independent checks, kills
	swift build --build-tests --explicit-target-dependency-import-check error
	Tests/with-postgres.sh swift test --skip-build
	@printf '%s\n' $(SCRIPTS) | PROFBILET=$(PROFBILET) .ci/abreast
	$(VENV)/bin/python Tests/EndToEnd/kiosk.py
	PROFBILET=$(PROFBILET) python3 Tests/EndToEnd/reader.py
	python3 Tests/Fuzz/fuzz.py 60

fuzz: packages ## coverage-guided, ten minutes a target (SECONDS_A_TARGET=…)
	python3 Tests/Fuzz/fuzz.py $(SECONDS_A_TARGET)

# one set of switches for whatever is built in release, or dependencies are compiled twice
release: packages
	$(RELEASE) --product profbilet

package: release ## a Debian package with the Swift runtime linked in, in .build/package
	@.ci/packages debhelper dpkg-dev chrpath
	rm -rf .build/package/*.deb
	.ci/packaging/build .build-release/release/profbilet .build/package

package-test: package ## installs it into a Debian 12 of its own, boots, upgrades, removes (root, network)
	@.ci/packages debootstrap systemd-container lintian curl
	$(if $(filter 0,$(shell id -u)),,sudo) python3 .ci/packaging/test.py .build-release/release/profbilet

bench: test-packages $(VENV)/bench release ## figures against a floor measured in the same run (ROWS=…)
	$(RELEASE) --product profbilet-bench
	$(RELEASE) --product card-emulator
	PROFBILET=.build-release/release/profbilet $(VENV)/bin/python Tests/Benchmarks/bench.py --rows $(ROWS)
	PROFBILET=.build-release/release/profbilet $(VENV)/bin/python Tests/Benchmarks/production.py
	PROFBILET=.build-release/release/profbilet $(VENV)/bin/python Tests/Benchmarks/station.py
	PROFBILET=.build-release/release/profbilet $(VENV)/bin/python Tests/Benchmarks/rights.py
	PROFBILET=.build-release/release/profbilet $(VENV)/bin/python Tests/Benchmarks/partner.py
	$(RELEASE) --product profbilet-golden
	PROFBILET=.build-release/release/profbilet $(VENV)/bin/python Tests/Benchmarks/coverage.py
	PROFBILET=.build-release/release/profbilet $(VENV)/bin/python Tests/Benchmarks/service.py

golden: packages ## the decree's figures from a register of 3.9 M members (REGIONS=file, SCALE=100, KEEP=folder)
	@python3 Tests/Golden/regions.py '$(REGIONS)'
	$(RELEASE) --product profbilet
	$(RELEASE) --product profbilet-golden
	PROFBILET=.build-release/release/profbilet python3 Tests/Golden/golden.py '$(REGIONS)' --scale $(SCALE) \
		$(if $(KEEP),--keep '$(KEEP)')

chaos: build venv ## 500 kills (KILLS=…), 10 000 random crowds at stations (RUNS=…)
	PROFBILET=$(PROFBILET) python3 Tests/EndToEnd/chaos.py $(KILLS)
	PROFBILET=$(PROFBILET) Tests/with-postgres.sh python3 Tests/EndToEnd/chaos.py $(KILLS)
	PROFBILET=$(PROFBILET) $(VENV)/bin/python Tests/EndToEnd/production.py --cards 60 --kills $(KILLS) --only-kills
	swift build --build-tests --explicit-target-dependency-import-check error
	python3 Tests/EndToEnd/convergence.py $(RUNS)

clean:
	rm -rf .build .build-*
