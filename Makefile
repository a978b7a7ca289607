# make run   starts the program with its practice server
# make test  runs every test
TAGS := -tags migrated_fynedo,no_emoji
GOFLAGS_WIN := CGO_ENABLED=1 GOOS=windows GOARCH=amd64 CC=x86_64-w64-mingw32-gcc
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: run test lint race pictures day day-slice portable windows bench kill checks flips bench-million sim attack lab soak tools clean

run:
	@.ci/setup.sh run
	@.ci/run.sh $(ARGS)

# Every package with the race detector, the other systems compiled, the window
# driven on a virtual display, by hand as well, the Windows program under Wine.
test:
	@.ci/setup.sh test windows
	$(MAKE) race pictures portable window day-slice windows-check

race:
	go test -race $(TAGS) -timeout 15m ./...

# Every screen against the picture kept of it, and the tests of the window that the
# race detector would take minutes for. COUNTERFOIL_GOLDEN=write keeps new ones.
pictures:
	go test $(TAGS) . ./ui/window

# A clerk's day through the real window, by keyboard and pointer; the state is
# read from a dump that only this build writes. COUNTERFOIL_SEED repeats a day.
day:
	@.ci/setup.sh run
	go test -tags daytest,no_emoji -count 1 -timeout 40m -v ./ui/day

day-slice:
	@.ci/setup.sh run
	go test -tags daytest,no_emoji -count 1 -short -timeout 8m ./ui/day

# Everything but the window compiles for macOS and Windows without cgo.
portable:
	CGO_ENABLED=0 GOOS=darwin go build $$(go list ./app/... ./localdb/... ./sync/... ./ui/viewmodel/...)
	CGO_ENABLED=0 GOOS=windows go build $$(go list ./app/... ./localdb/... ./sync/... ./ui/viewmodel/...)

# The real window on a virtual display, in both languages and themes.
window:
	.ci/window.sh

windows-check: windows
	.ci/windows.sh

windows:
	@.ci/setup.sh windows
	mkdir -p bin
	$(GOFLAGS_WIN) go build $(TAGS) -ldflags "-H windowsgui" -o bin/counterfoil.exe .
	CGO_ENABLED=0 GOOS=windows go build -o bin/cfoil.exe ./sync/cmd/cfoil
	CGO_ENABLED=0 GOOS=windows go build -o bin/syncd.exe ./sync/cmd/syncd

tools:
	mkdir -p bin
	CGO_ENABLED=0 go build -o bin/ ./sync/cmd/cfoil ./sync/cmd/syncd

lint:
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	@.ci/setup.sh run
	go vet $(TAGS) ./...
	go vet -tags daytest,no_emoji . ./ui/...
	go run $(STATICCHECK) $(TAGS) ./...
	go run $(STATICCHECK) -tags daytest,no_emoji . ./ui/...
	@.ci/vuln.sh $(TAGS)

bench:
	@.ci/setup.sh run
	@.ci/bench.sh

# Long campaigns; a short slice of each runs in make test.
kill:
	COUNTERFOIL_KILLS=400 go test -run Kill -timeout 30m -v ./localdb ./sync/cmd/cfoil
	COUNTERFOIL_KILLS=80 COUNTERFOIL_PAGES=all go test -timeout 30m -v ./localdb/backup

# 100,000 saves with searches and data checks beside them: no false alarm.
checks:
	COUNTERFOIL_SAVES=100000 go test $(TAGS) -run CheckBesideSearches -timeout 60m -count 1 -v ./localdb

# 10,000 bits and bytes of a data file flipped: nothing altered is ever shown as whole.
flips:
	COUNTERFOIL_FLIPS=10000 go test $(TAGS) -run FlippedBits -timeout 60m -count 1 -v ./sync/cmd/cfoil

# The list at a million invoices; COUNTERFOIL_LARGE=FILE keeps the data file for
# the next time (it takes 20 minutes to fill).
bench-million:
	COUNTERFOIL_INVOICES=1000000 go test $(TAGS) -run '^$$' -bench 'Page|Search|Counts' -benchtime 200x -timeout 3h ./localdb

# Three desks, bad lines, crashes and a server, each run from a new seed; a
# failure prints its seed, and COUNTERFOIL_SEED=<it> COUNTERFOIL_SEEDS=1 repeats it.
sim:
	COUNTERFOIL_SEED=$${COUNTERFOIL_SEED:-$$(date +%s)} COUNTERFOIL_SEEDS=$${COUNTERFOIL_SEEDS:-2000} go test -count 1 -timeout 3h ./sync/sim

# The two shipped programs under attack; a failure prints its seed, and
# COUNTERFOIL_SEED=<it> COUNTERFOIL_ATTACKS=1 repeats it.
attack:
	COUNTERFOIL_ATTACKS=$${COUNTERFOIL_ATTACKS:-40} go test -count 1 -timeout 3h -v ./sync/attack

# Real networks, broken one by one, and what cfoil says of them: sync/lab/README.md.
# ARGS picks cases, like ARGS="-family NT"; COUNTERFOIL_LAB=write writes docs/lab.md.
lab:
	mkdir -p bin
	go test -c -o bin/lab ./sync/lab
	bin/lab -test.v -test.timeout 3h -whole $(ARGS)

soak:
	for f in money:FuzzParse money:FuzzWords invoice:FuzzCompute; do \
	  go test -run '^$$' -fuzz "^$${f#*:}$$" -fuzztime 5m ./app/$${f%%:*}; done

clean:
	rm -rf bin out
