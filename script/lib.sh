# shellcheck shell=bash
# lib.sh: what demo, dashboard, test, bench and lint share.  Sourced by bash, not run.
#
#   progress         what takes minutes says how far it is
#   packages         which Debian packages a task needs, and their installation
#   build            compile the extensions and install them
#   private cluster  a server under .engage/ that only a unix socket reaches
#
# Everything a run leaves behind is in .engage/ under the checkout; the only
# things outside are the packages and the extensions' files.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
STATE=$ROOT/.engage
PG=''		# major version of PostgreSQL, set by need_packages
PG_BIN=''	# where its programs are
export LC_ALL=C.UTF-8

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }
die() {
	warn "${0##*/}: $*"
	exit 1
}
is_root() { [ "$(id -u)" -eq 0 ]; }

# Run as root, through sudo where we are not.
as_root() {
	if is_root; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "this needs root, and there is no sudo: $*"
	fi
}

# Run with the output in .engage/NAME.log; show its end only on failure.
quietly() {
	local log=$STATE/$1.log
	shift
	mkdir -p "$STATE"
	"$@" >"$log" 2>&1 </dev/null && return
	tail -n 40 "$log" >&2
	warn "failed: $* (all of it in $log)"
	return 1
}

# The same for what takes minutes: every ten seconds the second command says
# in a few words how far the first one is.
patiently() { # NAME HOW-FAR COMMAND...
	local name=$1 how_far=$2 ticker status=0
	shift 2
	mkdir -p "$STATE"
	: >"$STATE/$name.log"
	tick "$STATE/$name.log" "$how_far" &
	ticker=$!
	quietly "$name" "$@" || status=$?
	kill "$ticker" 2>/dev/null || true
	wait "$ticker" 2>/dev/null || true
	return "$status"
}

# A read that nothing answers waits without a process that could outlive it.
tick() { # LOG HOW-FAR
	local pause start=$SECONDS so_far
	exec {pause}<> <(:) 9>&-
	while ! read -rt 10 -u "$pause"; do
		so_far=$($2 "$1" 2>/dev/null) || so_far=
		say "  $((SECONDS - start)) s${so_far:+, $so_far} (log: ${1#"$ROOT/"})"
	done
}

no_measure() { :; }

last_line() { # LOG
	tail -n 1 "$1" | sed 's/^ *//' | cut -c 1-100
}

# Two runs in one checkout would build and serve over each other.
alone() {
	[ "${ENGAGE_LOCKED-}" != "$ROOT" ] || return 0	# by the script that runs this one
	mkdir -p "$STATE"
	exec 9>"$STATE/lock" || die "cannot write to $STATE: does it belong to another user?"
	flock -n 9 || die "another of this checkout's scripts is running"
	export ENGAGE_LOCKED=$ROOT
}

# ---------------------------------------------------------------- packages

# Every Debian package of the project, by task.  A name after '?' is used
# where the suite has it; the step that wants it says so where it is missing.
packages_for() { # TASK MAJOR
	case $1 in
		build)
			echo "make gcc g++ libc6-dev libboost-dev libphonenumber-dev" \
				"postgresql-$2 postgresql-server-dev-$2"
			;;
		demo)
			echo "$(packages_for build "$2") postgresql-$2-cron"
			;;
		dashboard)
			echo "$(packages_for demo "$2") python3-venv ca-certificates"
			;;
		powerquery)
			echo "nodejs npm"
			;;
		dashboard_test)
			echo "$(packages_for dashboard "$2") chromium chromium-driver"
			;;
		basic)
			echo "$(packages_for build "$2") postgresql-$2-pgtap" \
				"libtap-parser-sourcehandler-pgtap-perl libipc-run-perl ?postgresql-$2-cron"
			;;
		test)
			echo "$(packages_for demo "$2") postgresql-$2-pgtap" \
				"libtap-parser-sourcehandler-pgtap-perl libipc-run-perl" \
				"clang libclang-rt-dev python3 shellcheck" \
				"openssl libpq-dev default-jdk-headless libpostgresql-jdbc-java python3-jsonschema" \
				"unixodbc-dev odbc-postgresql" \
				"?clang-format-14 ?python3-pglast ?debootstrap" \
				"?postgresql-$2-plpgsql-check ?postgresql-$2-jit"
			;;
		bench)
			echo "$(packages_for build "$2") python3-venv ca-certificates"
			;;
		*) die "no such task: $1" ;;
	esac
}

declare -A INSTALLED=()	# what dpkg has, asked once

installed() {
	local name
	if [ ${#INSTALLED[@]} -eq 0 ]; then
		while IFS= read -r name; do INSTALLED[$name]=yes; done < <(
			dpkg-query -W -f='${Package} ${db:Status-Status}\n' | sed -n 's/ installed$//p')
	fi
	[ -n "${INSTALLED[$1]-}" ]
}

apt_offers() { [[ $(apt-cache policy "$1" 2>/dev/null) == *'Candidate: '[0-9]* ]]; }

have_apt_lists() { compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null; }

# Those of a task's packages that are to be installed, one a line.
missing_packages() { # TASK MAJOR
	local name
	for name in $(packages_for "$1" "$2"); do
		installed "${name#\?}" && continue
		case $name in
			\?*) apt_offers "${name#\?}" && say "${name#\?}" ;;
			*) say "$name" ;;
		esac
	done
	return 0
}

# Something is not there that only apt-get update could tell more about.
wants_lists() { # TASK MAJOR
	local name
	for name in $(packages_for "$1" "$2"); do
		installed "${name#\?}" || { have_apt_lists || return 0; }
	done
	return 1
}

# The PostgreSQL to use: $ENGAGE_PG; else the newest that has all the task
# needs; else the newest that apt offers with pg_cron and pgTAP.
choose_postgres() { # TASK
	local major
	if [ -n "${ENGAGE_PG:-}" ]; then
		say "$ENGAGE_PG"
		return
	fi
	for major in 18 17 16 15; do
		installed "postgresql-$major" || continue
		[ -n "$(missing_packages "$1" "$major")" ] || { say "$major" && return; }
	done
	for major in 18 17 16 15; do
		apt_offers "postgresql-$major" || continue
		apt_offers "postgresql-$major-cron" || continue
		apt_offers "postgresql-$major-pgtap" || continue
		say "$major"
		return
	done
	return 1
}

# Make sure that a task's packages are there, and choose the PostgreSQL.
need_packages() { # TASK
	local missing=()
	command -v dpkg-query >/dev/null || die "this installs Debian packages, and here is no dpkg"
	[ ! -e $CREATECLUSTER.d/engage.conf ] || allow_services	# a killed run's
	PG=$(choose_postgres "$1") || PG=
	if [ -z "$PG" ] || wants_lists "$1" "$PG" ||
		[ -n "$(missing_packages "$1" "$PG")" ]; then
		say "Reading the package lists ..."
		quietly apt as_root apt-get update -q || exit 1
		PG=$(choose_postgres "$1") ||
			die "apt offers no PostgreSQL 15 to 18 together with pg_cron and pgTAP"
		mapfile -t missing < <(missing_packages "$1" "$PG")
	fi
	if [ ${#missing[@]} -gt 0 ]; then
		say "Installing ${missing[*]} ..."
		install_packages "${missing[@]}" || exit 1
		INSTALLED=()
	fi
	PG_BIN=/usr/lib/postgresql/$PG/bin
	[ -x "$PG_BIN/pg_config" ] || die "PostgreSQL $PG is not in $PG_BIN"
	export PATH=$PG_BIN:$PATH
}

# Debian's server package makes and starts a cluster of its own and starts
# services; for the time of the installation it is told not to.
install_packages() (
	trap allow_services EXIT
	installed postgresql-common || apt_install postgresql-common || exit 1
	forbid_services
	apt_install "$@"
)

apt_install() {
	patiently apt packages_so_far as_root env DEBIAN_FRONTEND=noninteractive apt-get install \
		-q -y --no-install-recommends -o DPkg::Lock::Timeout=600 "$@"
}

packages_so_far() { # LOG
	awk '/^Get:/ { got++ } /^Unpacking / { unpacked++ } /^Setting up / { up++ }
		/ newly installed, / { all = $1 + $3 }
		END { if (all) printf "%d packages: %d fetched, %d unpacked, %d set up", all, got, unpacked, up }' "$1"
}

CREATECLUSTER=/etc/postgresql-common/createcluster
POLICY=/usr/sbin/policy-rc.d
POLICY_MARK='made by script/lib.sh of engage'

forbid_services() {
	as_root mkdir -p $CREATECLUSTER.d
	say 'create_main_cluster = false' |
		as_root tee $CREATECLUSTER.d/engage.conf >/dev/null
	[ "$(pg_conftool $CREATECLUSTER.conf show -bs create_main_cluster)" = off ] ||
		die "$CREATECLUSTER.conf would make a main cluster; set create_main_cluster = false there"
	if [ -e $POLICY ] && ! grep -q "$POLICY_MARK" $POLICY; then return; fi
	# Without force as soon as this process has gone, however it ends.
	printf '#!/bin/sh\n# %s\nkill -0 %d 2>/dev/null && exit 101\nexit 0\n' \
		"$POLICY_MARK" "$$" | as_root tee $POLICY >/dev/null
	as_root chmod 755 $POLICY
}

allow_services() {
	if [ -e $CREATECLUSTER.d/engage.conf ]; then
		as_root rm -f $CREATECLUSTER.d/engage.conf
		as_root rmdir --ignore-fail-on-non-empty $CREATECLUSTER.d
	fi
	if grep -qs "$POLICY_MARK" $POLICY; then
		as_root rm -f $POLICY
	fi
}

# ------------------------------------------------------------------- build

MAKE_OPTIONS=()	# what else make is to be told
TO_COMPILE=0

# Compile both extensions.  Objects of another PostgreSQL, or compiled with
# fewer options, are not reused.
build_extensions() {
	local how="PostgreSQL $PG${MAKE_OPTIONS[*]:+ ${MAKE_OPTIONS[*]}}"
	mkdir -p "$STATE"
	case $(cat "$STATE/built" 2>/dev/null) in
		"$how" | "$how "*) ;;
		*)
			run_make clean >/dev/null
			say "$how" >"$STATE/built"
			;;
	esac
	TO_COMPILE=$(run_make -n all 2>/dev/null | grep -cE ' -c .*-o ' || true)
	say "Building for $how ($TO_COMPILE files to compile) ..."
	touch "$STATE/building"
	patiently build objects_so_far run_make -j"$(nproc)" all
}

# A source is compiled once, and where the server has LLVM a second time for it.
objects_so_far() {
	local made
	made=$(find "$ROOT/src" -newer "$STATE/building" \( -name '*.o' -o -name '*.bc' \) | wc -l)
	say "compiled $made of $TO_COMPILE files"
}

run_make() {
	make -s -C "$ROOT" PG_CONFIG="$PG_BIN/pg_config" "${MAKE_OPTIONS[@]}" "$@"
}

# Install what was built, unless the same is installed already.
install_extensions() {
	installation_is_current && return
	say "Installing the extensions for PostgreSQL $PG ..."
	patiently install no_measure as_root make -s -C "$ROOT" PG_CONFIG="$PG_BIN/pg_config" \
		"${MAKE_OPTIONS[@]}" install
}

installation_is_current() {
	local file shared
	shared=$("$PG_BIN/pg_config" --sharedir)/extension
	cmp -s "$ROOT/engage.so" "$("$PG_BIN/pg_config" --pkglibdir)/engage.so" || return 1
	for file in "$ROOT"/engage*.control "$ROOT"/engage*--*.sql; do
		cmp -s "$file" "$shared/${file##*/}" || return 1
	done
}

# What tells one build from another.
build_id() {
	(cd "$ROOT" && cat engage.so engage*.control engage*--*.sql | sha256sum | cut -d' ' -f1)
}

# --------------------------------------------------------- private cluster
#
# A cluster NAME is .engage/NAME: data/, run/ (the socket), server.log.  The
# directory is open to its owner only, who is the user running this or, since
# PostgreSQL refuses to run as root, Debian's user postgres.  So nobody but
# root, or that user, can connect, and the socket itself asks for no password.

SERVER_CAPS=unknown

# Run as the server's user.
as_server() {
	if ! is_root; then
		"$@"
		return
	fi
	[ "$SERVER_CAPS" != unknown ] || find_server_caps
	# shellcheck disable=SC2086  # the option is to vanish when it is empty
	become_postgres $SERVER_CAPS env HOME=/var/lib/postgresql "$@"
}

become_postgres() {
	setpriv --reuid=postgres --regid=postgres --init-groups "$@"
}

# A checkout in /root is closed to user postgres.  Instead of opening it, the
# server gets one capability: to read past that, or where a container has no
# such capability, the wider one that Docker grants.
find_server_caps() {
	local bounding cap
	SERVER_CAPS=
	become_postgres test -r "$ROOT/Makefile" && return
	bounding=$((16#$(awk '/^CapBnd:/ { print $2 }' /proc/self/status)))
	if ((bounding & 1 << 2)); then
		cap=+dac_read_search
	elif ((bounding & 1 << 1)); then
		cap=+dac_override
	else
		die "user postgres cannot read $ROOT, and no capability is left to grant; move the checkout to /srv, say"
	fi
	SERVER_CAPS="--inh-caps=$cap --ambient-caps=$cap"
	# access(2), by which Python looks for files, heeds it only so
	if ((bounding & 1 << 8)); then SERVER_CAPS+=" --securebits=+no_setuid_fixup"; fi
}

# A directory that belongs to the server's user and is closed to others.
server_directory() { # PATH
	mkdir -p "$1"
	chmod 700 "$1"
	if is_root; then chown postgres:postgres "$1"; fi
}

# The directory of the socket: under the checkout, or where that makes a path
# longer than a socket address can be, a short one under /tmp.
socket_directory() { # NAME
	local dir=$STATE/$1/run bytes
	bytes=$(printf %s "$dir/.s.PGSQL.5432" | wc -c)
	if [ "$bytes" -gt 107 ]; then
		dir=$(cat "$STATE/$1/socket" 2>/dev/null) || dir=$(mktemp -d /tmp/engage.XXXXXX)
		say "$dir" >"$STATE/$1/socket"
	fi
	say "$dir"
}

# Make a new cluster; settings are read from standard input.
make_cluster() { # NAME
	local dir=$STATE/$1 socket
	remove_cluster "$1"
	mkdir -p "$STATE" || die "cannot write to $STATE"
	server_directory "$dir"
	socket=$(socket_directory "$1")
	server_directory "$socket"
	[ "$socket" = "$dir/run" ] ||
		say "The path of this checkout is too long for a socket; it is in $socket."
	quietly "initdb-$1" as_server "$PG_BIN/initdb" -D "$dir/data" -U postgres \
		--auth-local=trust --auth-host=reject -E UTF8 --locale=C.UTF-8 --no-sync || exit 1
	{
		say "listen_addresses = ''"
		say "unix_socket_directories = '$socket'"
		say "unix_socket_permissions = 0700"
		say "timezone = 'UTC'"
		cat
	} >>"$dir/data/postgresql.conf"
}

# Make a cluster as the copy of another, which does not run.
copy_cluster() { # FROM NAME
	local dir=$STATE/$2 socket
	remove_cluster "$2"
	server_directory "$dir"
	socket=$(socket_directory "$2")
	server_directory "$socket"
	cp -a "$STATE/$1/data" "$dir/data" || die "cannot copy $STATE/$1"
	say "unix_socket_directories = '$socket'" >>"$dir/data/postgresql.conf"
}

start_cluster() { # NAME
	local dir=$STATE/$1
	server_directory "$(socket_directory "$1")"
	as_server "$PG_BIN/pg_ctl" start -s -w -t 300 -D "$dir/data" -l "$dir/server.log" \
		</dev/null 9>&- && return
	tail -n 20 "$dir/server.log" >&2
	die "the server did not start"
}

stop_cluster() { # NAME [MODE]
	cluster_runs "$1" || return 0
	as_server "$PG_BIN/pg_ctl" stop -s -w -t 300 -m "${2:-fast}" -D "$STATE/$1/data"
}

cluster_runs() { # NAME
	[ -f "$STATE/$1/data/postmaster.pid" ] &&
		as_server "$PG_BIN/pg_ctl" status -D "$STATE/$1/data" >/dev/null 2>&1
}

remove_cluster() { # NAME
	[ -e "$STATE/$1" ] || return 0
	cluster_runs "$1" && stop_cluster "$1" immediate
	[ ! -f "$STATE/$1/socket" ] || rm -rf "$(cat "$STATE/$1/socket")"
	rm -rf "${STATE:?}/$1" || die "cannot remove $STATE/$1: does it belong to another user?"
}

# Let every client of this script talk to the cluster.
use_cluster() { # NAME
	unset PGSERVICE PGHOSTADDR PGPASSWORD PGOPTIONS PGTZ PGDATESTYLE
	PGHOST=$(socket_directory "$1")
	export PGHOST PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
	export PSQLRC=/dev/null
}

# psql that stops at the first error and prints no more than asked for.
sql() { "$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 "$@"; }
