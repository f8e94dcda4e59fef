# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # input and port are daemon.sh's and check-input.sh's
#
# Sourced by check-input.sh: what no proper client sends, by TCP, and too many of them.

# raw WHAT EXPECTED BYTES (printf's escapes) [OPTIONS OF send…]
raw()
{
	local what=$1 expected=$2 bytes=$3
	shift 3
	row "raw: $what" "$expected" "$(printf '%b' "$bytes" | "$input/send" "127.0.0.1:$port" "$@" 2>&1)"
}

# long NAME BYTES: a header of that many bytes in all.
long()
{
	printf '%s: %s\\r\\n' "$1" "$(repeat "$(($2 - ${#1} - 4))" x)"
}

raw_requests()
{
	local get='GET /healthz HTTP/1.1\r\nHost: h\r\n' post='POST /api/set_server_status HTTP/1.1\r\nHost: h\r\n'
	raw "garbage" "closed" '\x00\x01\x02\x03garbage\r\n\r\n'
	raw "TLS" "closed" '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03abcdefgh\x00\x00\r\n\r\n' --half
	raw "another protocol" "closed" 'SSH-2.0-OpenSSH_9.2\r\n\r\n'
	raw "HTTP/2" "505" 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
	raw "no host" "400" 'GET /healthz HTTP/1.1\r\n\r\n'
	raw "HTTP/1.0" "200" 'GET /healthz HTTP/1.0\r\n\r\n'
	raw "HTTP/9.9" "505" 'GET /healthz HTTP/9.9\r\nHost: h\r\n\r\n'
	raw "an unknown method" "405: BREW is not possible at /healthz; possible: GET" 'BREW /healthz HTTP/1.1\r\nHost: h\r\n\r\n'
	raw "a method of 1,000 bytes" "405: MMMMMMMMMMMMMMM is not possible at /healthz; possible: GET" "$(repeat 1000 M) /healthz HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n"
	raw "CONNECT" "404: there is nothing at example.net:443" 'CONNECT example.net:443 HTTP/1.1\r\nHost: h\r\n\r\n'
	raw "no path" "400" 'GET  HTTP/1.1\r\nHost: h\r\n\r\n'
	raw "an absolute URL" "404: there is nothing at http://elsewhere/healthz" 'GET http://elsewhere/healthz HTTP/1.1\r\nHost: h\r\n\r\n'
	raw "a header folded" "200" "${get}X-A: b\\r\\n c\\r\\n\\r\\n"
	raw "a header without a colon" "400" "${get}X-A\\r\\n\\r\\n"
	raw "a space before the colon" "400: the request is not accepted: the name of one of its headers has white space in it" "${get}X-A : b\\r\\n\\r\\n"
	raw "a header with a NUL" "200" "${get}X-A: a\\x00b\\r\\n\\r\\n"
	raw "lines that end with LF alone" "200" 'GET /healthz HTTP/1.1\nHost: h\n\n'
	raw "two hosts" "400: the request is not accepted: it names its host more than once" "${get}Host: i\\r\\n\\r\\n"
	raw "headers of 15 KiB" "200" "$get$(long X-A 15360)\\r\\n"
	raw "headers of 16 KiB" "431: the request's headers are longer than 16 KiB" "$get$(long X-A 16400)\\r\\n"
	raw "headers of 64 KiB" "431" "$get$(long X-A 65536)\\r\\n"
	raw "a path of 64 KiB" "414" "GET /$(repeat 65536 x) HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n"
	raw "2,000 headers" "431" "$get$(for _ in {1..2000}; do printf 'a:b\\r\\n'; done)\\r\\n"
	raw "400 parameters" "401: this needs an access token: send the header \"Authorization: Bearer hr_...\"; make one with: headroom token create" "GET /api/v1/pools?$(repeat 400 'a=b&') HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n"
	raw "two lengths" "400: the request is not accepted: it gives its length more than once" "${post}Content-Length: 2\\r\\nContent-Length: 20\\r\\n\\r\\n{}"
	raw "two lengths alike" "400: the request is not accepted: it gives its length more than once" "${post}Content-Length: 2\\r\\nContent-Length: 2\\r\\n\\r\\n{}"
	raw "a length and chunks" "400: the request is not accepted: it has both a Content-Length and a Transfer-Encoding + closed" "${post}Content-Length: 4\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\nGET /metrics HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n" --answers 2
	raw "chunks and a length" "400: the request is not accepted: it has both a Content-Length and a Transfer-Encoding + closed" "${post}Transfer-Encoding: chunked\\r\\nContent-Length: 4\\r\\n\\r\\n0\\r\\n\\r\\nGET /metrics HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n" --answers 2
	raw "an encoding that is unknown" "400: the request is not accepted: its Transfer-Encoding is not \"chunked\"" "${post}Transfer-Encoding: xchunked\\r\\n\\r\\n0\\r\\n\\r\\n"
	raw "chunked twice" "400: the request is not accepted: its Transfer-Encoding is not \"chunked\"" "${post}Transfer-Encoding: chunked, chunked\\r\\n\\r\\n0\\r\\n\\r\\n"
	raw "a length below 0" "400" "${post}Content-Length: -1\\r\\n\\r\\n"
	raw "a length with a sign" "400" "${post}Content-Length: +2\\r\\n\\r\\n{}"
	raw "a length in hexadecimal" "400" "${post}Content-Length: 0x2\\r\\n\\r\\n{}"
	raw "a length beyond 64 bits" "413" "${post}Content-Length: 18446744073709551616\\r\\n\\r\\n"
	raw "a length of 2 GiB" "413: the request body is longer than the limit of 1 MiB" "${post}Content-Length: 2147483648\\r\\n\\r\\n"
	raw "a length of 2 GiB, awaited" "413: the request body is longer than the limit of 1 MiB" "${post}Content-Length: 2147483648\\r\\nExpect: 100-continue\\r\\n\\r\\n"
	raw "chunks" "400: the request body is empty; JSON is expected" "${post}Transfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n"
	raw "a chunk of no size" "400" "${post}Transfer-Encoding: chunked\\r\\n\\r\\nxyz\\r\\n\\r\\n"
	raw "a chunk of a huge size" "413" "${post}Transfer-Encoding: chunked\\r\\n\\r\\nffffffffffffffffff\\r\\n{}"
	raw "chunks over 1 MiB" "413: the request body is longer than the limit of 1 MiB" \
		"${post}Transfer-Encoding: chunked\\r\\n\\r\\n$(for _ in {1..17}; do printf '10000\\r\\n%s\\r\\n' "$(repeat 65536 x)"; done)0\\r\\n\\r\\n"
	raw "nothing" "closed" '' --half
	raw "half closed after a whole request" "200" "$get\\r\\n" --half
	raw "three in one" "200 + 200 + 200" "$get\\r\\n$get\\r\\n$get\\r\\n" --answers 3
	raw "a body that GET has not" "200 + 200" "${get}Content-Length: 5\\r\\n\\r\\nhello$get\\r\\n" --answers 2
	raw "no token" "401: this needs an access token: send the header \"Authorization: Bearer hr_...\"; make one with: headroom token create" 'GET /api/v1/pools HTTP/1.1\r\nHost: h\r\n\r\n'
	raw "two tokens" "401: this is no access token of Headroom: those begin with hr_ and have 46 characters" 'GET /api/v1/pools HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n'
	raw "a token of 10,000 bytes" "401: this is no access token of Headroom: those begin with hr_ and have 46 characters" "GET /api/v1/pools HTTP/1.1\\r\\nHost: h\\r\\nAuthorization: Bearer $(repeat 10000 t)\\r\\n\\r\\n"
	raw "a token that is not UTF-8" "401: this is no access token of Headroom: those begin with hr_ and have 46 characters" 'GET /api/v1/pools HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer \xff\xfe\r\n\r\n'
	raw "another content type" "422 status: \"status\" must be text of 1 to 64 bytes, such as \"running\"" "${post}Content-Type: text/xml\\r\\nContent-Length: 2\\r\\n\\r\\n{}"
	raw "a compressed body" "400: the request body is not valid JSON: line 1, column 1: invalid token" "${post}Content-Encoding: gzip\\r\\nContent-Length: 4\\r\\n\\r\\n\\x1f\\x8b\\x08\\x00"
	# Each waits for the 30 s that a request may take.
	[ -n "${INPUT_ALL-}" ] || return 0
	raw "a body cut off" "closed" "${post}Content-Length: 100\\r\\n\\r\\n{\"status\"" --half
	raw "a head cut off" "closed" 'GET /heal' --half
	raw "one, then garbage" "200 + closed" "$get\\r\\n\\x00\\x01\\r\\n\\r\\n" --answers 2
}
