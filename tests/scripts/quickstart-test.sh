#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What ./quickstart says and does when something goes wrong: with stand-ins for the tools that it
# calls (apt-get, dpkg-query, sudo, autoreconf, make, df), in a folder of its own. Nothing is
# installed and nothing is built. That it works when all is well is shown by its being used.
# shellcheck disable=SC2016 # what is written into stand-ins is not for this shell to expand

set -u
source_dir=${1:-${HEADROOM_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}}
work=$(cd "$(mktemp -d)" && pwd -P) || exit 99
started=()
finish()
{
	[ ${#started[@]} -eq 0 ] || kill "${started[@]}" 2>/dev/null
	rm -rf "$work"
}
trap finish EXIT
passed=0 failed=0

# The plain tools, as links in a folder that nothing is written to afterwards: the stand-ins lie in a
# folder of their own before it, so that none is ever written through a link to the machine's own tool.
link_tools()
{
	local tool
	tools=$work/tools
	mkdir "$tools" || exit 99
	for tool in awk bash cat chmod cksum cp cut date df dirname env find grep head id kill mkdir mktemp \
		nproc printf readlink rm rmdir sed sleep sort stat tail tee touch tr wc; do
		ln -s "$(type -P $tool)" "$tools/$tool"
	done
}

# fake TOOL SCRIPT: puts a stand-in into the tree's bin/.
fake()
{
	[ ! -L "$tree/bin/$1" ] || exit 99
	printf '#!/bin/bash\n%s\n' "$2" >"$tree/bin/$1"
	chmod 755 "$tree/bin/$1"
}

# new_tree [FOLDER]: a checkout with nothing in it but quickstart; its PATH holds stand-ins that succeed,
# then the plain tools.
new_tree()
{
	tree=$work/${1:-tree}
	rm -rf "$tree"
	mkdir -p "$tree/bin" "$tree/core" "$tree/m4" "$tree"/{plugins,sdk,templates,tests}
	cp "$source_dir/quickstart" "$tree/" && chmod 755 "$tree/quickstart" || exit 99
	touch "$tree/configure.ac" "$tree/Makefile.am"
	fake bwrap 'exit 0'
	fake dpkg-query 'for p in "$@"; do case $p in -*) ;; *) printf "installed/%s " "$p" ;; esac; done'
	fake apt-get 'echo "apt-get $*" >>"$0.calls"'
	fake autoreconf 'printf "%s\n" "#!/bin/bash" "touch config.status Makefile" >configure; chmod 755 configure'
	fake make 'echo "  CC       core/x.o"; printf "%s\n" "#!/bin/bash" "echo daemon \$*" >build/headroomd; chmod 755 build/headroomd'
}

# quickstart ARGUMENT…: output in $output, status in $status.
quickstart()
{
	output=$(cd "$tree" && PATH=$tree/bin:$tools QUICKSTART_POLICY=$tree/policy-rc.d \
		"$tree/quickstart" "$@" 2>&1 </dev/null)
	status=$?
}

# wanted WHAT STATUS PATTERN…: judges the last run; every pattern must be found.
wanted()
{
	local what=$1 want=$2 pattern
	shift 2
	for pattern in "$@"; do
		if [ "$status" -ne "$want" ] || ! grep -qE -- "$pattern" <<<"$output"; then
			failed=$((failed + 1))
			printf 'quickstart-test: %s: wanted status %d and "%s", got status %d and:\n%s\n' \
				"$what" "$want" "$pattern" "$status" "$output"
			return
		fi
	done
	passed=$((passed + 1))
}

# holds WHAT COMMAND…
holds()
{
	local what=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'quickstart-test: %s: does not hold; the last output was:\n%s\n' "$what" "$output"
	fi
}

# lacks PATTERN: whether the last output does not have it.
lacks()
{
	! grep -qE -- "$1" <<<"$output"
}

test_arguments()
{
	new_tree
	quickstart
	wanted "no command" 2 '^usage: ./quickstart COMMAND'
	quickstart help
	wanted "help" 0 '^  run ' '^  stop ' '^  check ' '^  build '
	quickstart walk
	wanted "an unknown command" 1 'unknown command "walk"'
	quickstart --fast
	wanted "an unknown option" 1 'unknown option --fast'
	quickstart run --port 70000
	wanted "a port too high" 1 '70000 is no port number' 'from 1 to 65535'
	quickstart run --port web
	wanted "a port in letters" 1 '"web" is no port number'
}

test_packages()
{
	if ! grep -qE '^ID(_LIKE)?=.*debian' /etc/os-release 2>/dev/null; then
		echo "quickstart-test: not Debian: the installation of packages was not tried"
		return
	fi
	new_tree
	fake dpkg-query 'for p in "$@"; do case $p in -*|libcurl*) ;; *) printf "installed/%s " "$p" ;; esac; done'
	fake id '[ "$1" = -u ] && echo 1000 || echo ana'
	quickstart build
	wanted "no sudo" 1 'there is no sudo here' 'as root:  apt-get install libcurl4-openssl-dev'
	fake sudo 'exit 1'
	quickstart build
	wanted "sudo refused" 1 'sudo did not let us install' 'apt-get install libcurl4-openssl-dev'
	fake id 'echo 0'
	quickstart build --no-install
	wanted "--no-install" 1 'packages are missing' 'apt-get install libcurl4-openssl-dev'
	holds "--no-install calls no apt-get" [ ! -e "$tree/bin/apt-get.calls" ]
	quickstart build
	wanted "success without effect" 1 'still missing: libcurl4-openssl-dev'
	holds "no package is removed" grep -q -- '--no-remove' "$tree/bin/apt-get.calls"
	test_apt_error 'E: You do not have enough free space in /var/cache' 'the disk is full'
	test_apt_error 'E: Could not get lock /var/lib/dpkg/lock-frontend' 'another program is installing'
	test_apt_error "Temporary failure resolving 'deb.debian.org'" 'servers cannot be reached'
	test_apt_error 'E: Unable to locate package libcurl4-openssl-dev' 'does not know one of the packages'
	test_apt_error 'dpkg: something else' 'could not install what is missing'
}

# test_apt_error TEXT PATTERN
test_apt_error()
{
	fake apt-get "case \"\$*\" in *install*) echo \"$1\"; exit 100 ;; esac"
	quickstart build
	wanted "apt-get says: $1" 1 "$2" 'wanted: libcurl4' 'build/logs/apt.log'
}

# While openssh-server is installed, and then only, something refuses to start ssh.
test_sshd()
{
	grep -qE '^ID(_LIKE)?=.*debian' /etc/os-release 2>/dev/null || return
	new_tree
	fake dpkg-query 'for p in "$@"; do case $p in -*|openssh-server) ;; *) printf "installed/%s " "$p" ;; esac; done'
	fake id 'echo 0'
	fake apt-get 'p='"$tree"'/policy-rc.d
case "$*" in
*install*) "$p" ssh start; echo "ssh $?"; "$p" cron start; echo "cron $?"; "$p" ssh.service start; echo "unit $?"; exit 1 ;;
esac'
	quickstart build
	wanted "sshd is not started" 1 '^ssh 101' '^unit 101' '^cron 0'
	holds "nothing refuses ssh afterwards" [ ! -e "$tree/policy-rc.d" ]
	echo "exit 0" >"$tree/policy-rc.d"
	chmod 755 "$tree/policy-rc.d"
	quickstart build
	holds "a policy-rc.d that was there stays as it was" [ "$(cat "$tree/policy-rc.d")" = "exit 0" ]
}

test_elsewhere()
{
	new_tree
	rm "$tree/bin/apt-get"
	quickstart build
	wanted "not Debian" 1 'this is not Debian' 'programs are missing:.* libtoolize' 'libmicrohttpd-dev'
}

test_build()
{
	new_tree "a b"
	quickstart build
	wanted "a path with a blank" 1 'cannot work in a path with blanks' 'move the checkout'
	new_tree
	touch "$tree/config.status"
	quickstart build
	wanted "built in place before" 1 'built in place' 'make distclean'
	new_tree
	fake df 'printf "h\nfs 1 1 100000 1%% /\n"'
	quickstart build
	wanted "little room" 1 'only 97 MB left; building needs 200 MB'
	new_tree
	fake make 'echo "x.c:3:1: error: bad thing"; exit 2'
	quickstart build
	wanted "a mistake in the source" 1 'x.c:3:1: error: bad thing' 'compiling failed' 'build/logs/make.log'
	quickstart build
	holds "a mistake in the source is no reason to build anew" lacks 'building anew'
	fake make 'echo "fatal: No space left on device"; exit 2'
	quickstart build
	wanted "the disk full while building" 1 'compiling failed: the disk of .* is full'
	fake autoreconf 'echo "configure.ac:3: error: macro"; exit 1'
	touch -d '+1 minute' "$tree/configure.ac"
	quickstart build
	wanted "autoreconf failing" 1 'preparing the build failed' 'configure.ac:3: error: macro'
	new_tree
	fake autoreconf 'printf "%s\n" "#!/bin/bash" "echo configure: error: these are missing" "exit 1" >configure; chmod 755 configure'
	quickstart build
	wanted "configure failing" 1 'configuring failed' 'these are missing' 'build/logs/configure.log'
}

test_stale_build()
{
	new_tree
	quickstart build
	wanted "a build" 0 '^Built in'
	holds "build/ is ours alone" [ "$(stat -c %a "$tree/build")" = 700 ]
	quickstart build
	wanted "a second build does not configure again" 0 '^Built in'
	holds "a second build does not configure again" lacks '^Configuring'
	mkdir -p "$tree/build/quickstart/state"
	touch "$tree/build/stale" "$tree/build/quickstart/state/kept"
	fake make '[ -e build/stale ] && { echo "make: *** No rule to make target gone.h"; exit 2; }; touch build/headroomd'
	quickstart build
	wanted "a build folder that does not fit" 0 'building anew' '^Built in'
	holds "the demo's state outlives a new build" [ -e "$tree/build/quickstart/state/kept" ]
	touch -d '+1 minute' "$tree/configure.ac"
	quickstart build
	wanted "a newer configure.ac" 0 '^Preparing the build' '^Built in'
}

test_run()
{
	local folder deep
	new_tree
	HEADROOM_PORT=8777 quickstart run
	wanted "run" 0 '^daemon --config build/quickstart/headroom.conf$'
	holds "the configuration has the port" grep -qx 'listen = 127.0.0.1:8777' "$tree/build/quickstart/headroom.conf"
	holds "the configuration has the socket" grep -qx "socket = $tree/build/quickstart/headroom.sock" "$tree/build/quickstart/headroom.conf"
	holds "the state is ours alone" [ "$(stat -c %a "$tree/build/quickstart/state")" = 700 ]
	fake bwrap 'exit 1'
	quickstart run
	wanted "no user namespaces" 0 'does not allow user namespaces' '^daemon '
	deep=$(printf 'deep%.0s/' {1..25})
	new_tree "$deep"
	mkdir "$work/short"
	XDG_RUNTIME_DIR=$work/short quickstart run
	wanted "a deep checkout" 0 'too long for a socket; it is '"$work"'/short/headroom-'
	folder=$(cat "$tree/build/quickstart/socket-folder")
	holds "the socket's folder is ours alone" [ "$(stat -c %a "$folder")" = 700 ]
	XDG_RUNTIME_DIR=$work/short quickstart run
	holds "the socket's folder is kept" [ "$(cat "$tree/build/quickstart/socket-folder")" = "$folder" ]
	quickstart stop
	wanted "stop in a deep checkout" 0 '^Stopped'
	holds "the socket's folder goes with stop" [ ! -e "$folder" ]
}

# alive PID
alive()
{
	sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | grep -q '^[^Z]'
}

test_stop()
{
	local state daemon other
	new_tree
	quickstart stop
	wanted "nothing to stop" 0 'Nothing to stop'
	quickstart run
	state=$tree/build/quickstart/state
	sleep 300 &
	other=$!
	started+=("$other")
	echo "$other" >"$state/headroomd.pid"
	quickstart stop
	wanted "a stale pid file" 0 'daemon --config build/quickstart/headroom.conf --remove-servers' '^Stopped'
	holds "another process of that number lives on" alive "$other"
	rm "$tree/build/headroomd" && cp "$(type -P sleep)" "$tree/build/headroomd" || exit 99
	"$tree/build/headroomd" 300 &
	daemon=$!
	started+=("$daemon")
	echo "$daemon 1" >"$state/headroomd.pid"
	quickstart stop
	holds "a process of that number but another start lives on" alive "$daemon"
	echo "$daemon" >"$state/headroomd.pid"
	fake make 'exit 0'
	quickstart run
	wanted "a second run" 1 "runs already, as process $daemon" 'quickstart stop'
	quickstart stop
	wanted "the servers cannot be removed" 1 "Ending the daemon \(process $daemon\)" 'not all servers could be removed'
	holds "the daemon has ended" eval "! alive $daemon"
}

link_tools
test_arguments
test_packages
test_sshd
test_elsewhere
test_build
test_stale_build
test_run
test_stop
echo "quickstart-test: $passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
