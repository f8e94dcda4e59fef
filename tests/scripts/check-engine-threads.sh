#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Engine and planner own no thread, socket, file, clock or randomness: time and events are handed to
# them. So do the parts of core/provider that decide what is sent when: rate budget, breaker,
# governor, lanes. That is what lets the simulation run them under virtual time. Proved by the
# names that their objects leave open.
# Usage: check-engine-threads.sh [BUILD]. Exit 1 when a forbidden name is used.

set -u
build=${1:-${HEADROOM_BUILDDIR:-.}}
NM=${NM:-nm}

# As extended regular expressions, whole name. Glibc's checked variants are reduced to the plain
# name first. clock_now and random_system are ours: the system's clock and randomness by other names.
forbidden='pthread_.*|thrd_.*|mtx_.*|cnd_.*|call_once|sem_.*|tss_.*
epoll_.*|eventfd.*|timerfd_.*|signalfd|inotify_.*|p?poll|p?select|io_uring.*|kqueue
clock_.*|gettimeofday|time|times|ftime|timespec_get|timer_.*|setitimer|alarm|ualarm
nanosleep|usleep|sleep|sched_.*|pause|sigaction|signal|sigwait.*|raise|kill
getrandom|getentropy|rand|rand_r|srand|random|random_r|srandom|[dlemjn]rand48(_r)?|arc4random.*|RAND_.*|uuid_generate.*|EVP_PKEY_keygen|EVP_PKEY_Q_keygen|EVP_PKEY_generate|EVP_RAND_.*|BN_rand.*|BN_priv_rand.*
read|readv|pread.*|write|writev|pwrite.*|open|openat|open64|openat64|creat|close|pipe2?|dup[23]?|ioctl|fcntl(64)?
fopen|fopen64|fdopen|freopen.*|fread.*|printf|puts|putchar|perror|stdin|stdout|stderr|getenv|secure_getenv
socket|socketpair|connect|accept4?|bind|listen|send|sendto|sendmsg|sendmmsg|recv|recvfrom|recvmsg|recvmmsg|getaddrinfo|shutdown
fork|vfork|clone3?|execv.*|execl.*|fexecve|posix_spawn.*|system|popen|wait|waitpid|waitid|wait[34]|syscall
dlopen|dlsym|lt_dl.*|curl_.*|MHD_.*|sqlite3_.*|PQ.*
clock_now|random_system'
forbidden=$(tr '\n' '|' <<<"$forbidden")
forbidden=${forbidden%|}

# Of core/provider only these: the others own the threads that reach the modules.
provider='budget breaker governor governor_queue lane'

# The objects of a floor that are proved, one per line.
objects() {
	if [ "$1" != provider ]; then
		printf '%s\n' "$build/core/$1"/*.o
		return
	fi
	for name in $provider; do
		printf '%s\n' "$build/core/provider/$name.o"
	done
}

status=0 checked=0
for floor in engine plan provider; do
	for object in $(objects "$floor"); do
		if [ ! -f "$object" ] && [ "$floor" = provider ] && [ -d "$build/core/provider" ]; then
			echo "check-engine-threads: $object is missing: build first" >&2
			status=1
		fi
		[ -f "$object" ] || continue
		checked=$((checked + 1))
		names=$("$NM" --undefined-only --format=posix "$object") || { status=1; continue; }
		names=$(awk '{print $1}' <<<"$names" |
			sed -E 's/@.*//; s/^__isoc[0-9]+_//; s/^__(.*)_chk$/\1/; s/^__(poll|read|write|open_2|open64_2|openat_2)$/\1/; s/_2$//' |
			grep -E -x "$forbidden" | sort -u)
		[ -n "$names" ] || continue
		status=1
		for name in $names; do
			echo "core/$floor/$(basename "$object" .o).c: uses $name: core/$floor owns no thread, socket, file, clock or randomness; have it handed in through an interface"
		done
	done
	if [ ! -e "$build/core/lib$floor.a" ] && [ ! -d "$build/core/$floor" ]; then
		echo "check-engine-threads: $build/core/$floor is missing: build first" >&2
		status=1
	fi
done
if [ $checked -eq 0 ]; then
	echo "check-engine-threads: no object of core/engine, core/plan or core/provider in $build: nothing was checked; build first" >&2
	exit 1
fi
[ $status -eq 0 ] && echo "check-engine-threads: $checked objects own no thread, socket, file, clock or randomness"
exit $status
