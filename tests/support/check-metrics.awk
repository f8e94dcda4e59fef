# SPDX-License-Identifier: Apache-2.0
#
# Reads an answer of /metrics and says what breaks the rules of Prometheus' text format, or its rules for
# names; exit status 1 then. The last line of a sound answer: "N families, M series".

function wrong(what)
{
	printf "line %d: %s: %s\n", NR, what, $0
	n_wrong++
}

# The family that a sample belongs to.
function family_of(name,    base)
{
	base = name
	if (sub(/_(bucket|sum|count)$/, "", base) && type[base] == "histogram")
		return base
	return name
}

# Each label once, its value quoted with only \\, \" and \n escaped. Sets labels[].
function read_labels(text,    name, value)
{
	delete labels
	while (text != "") {
		if (!match(text, /^[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\[\\"n])*"/))
			return 0
		name = value = substr(text, 1, RLENGTH)
		text = substr(text, RLENGTH + 1)
		sub(/=.*/, "", name)
		sub(/^[^=]*=/, "", value)
		if (name in labels || name ~ /^__/)
			return 0
		labels[name] = value
		if (text == "")
			return 1
		if (text !~ /^,./)
			return 0
		text = substr(text, 2)
	}
	return 1
}

function check_family(name)
{
	if (name != family)
		wrong(name in type ? "the lines of a family do not stand together" : "no HELP and TYPE before it")
}

function check_histogram(name, text, value,    key)
{
	if (name !~ /_bucket$/) {
		if (name ~ /_count$/)
			count[family "{" text] = value
		return
	}
	if (!("le" in labels))
		wrong("a bucket without le")
	key = text
	sub(/,?le="[^"]*"/, "", key)
	key = family "{" key
	if (key == last_key && (labels["le"] != "\"+Inf\"" && substr(labels["le"], 2) + 0 <= last_le))
		wrong("bounds do not rise")
	if (key == last_key && value + 0 < last_value)
		wrong("buckets are not cumulative")
	last_key = key
	last_le = substr(labels["le"], 2) + 0
	last_value = value + 0
	if (labels["le"] == "\"+Inf\"")
		infinite[key] = value
	else
		bounded[key] = 1
}

function check_sample(    name, text, value, rest)
{
	name = $0
	sub(/[{ ].*/, "", name)
	rest = substr($0, length(name) + 1)
	text = ""
	if (rest ~ /^\{/) {
		if (!match(rest, /^\{([^"}]|"([^"\\]|\\.)*")*\}/)) {
			wrong("labels do not end")
			return
		}
		text = substr(rest, 2, RLENGTH - 2)
		rest = substr(rest, RLENGTH + 1)
	}
	if (!read_labels(text))
		wrong("labels")
	value = substr(rest, 2)
	if (rest !~ /^ / || value !~ /^([+-]?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?|[+-]Inf|NaN)$/)
		wrong("the value")
	if (name !~ /^headroom_[a-z][a-z0-9_]*$/)
		wrong("the name")
	if ((name, text) in seen)
		wrong("the series is there twice")
	seen[name, text] = 1
	check_family(family_of(name))
	if (type[family] == "counter" && value ~ /^-/)
		wrong("a counter below 0")
	if (type[family] == "histogram")
		check_histogram(name, text, value)
	n_series++
}

function check_name(name, kind)
{
	if (kind !~ /^(counter|gauge|histogram)$/)
		wrong("the type")
	if ((kind == "counter") != (name ~ /_total$/))
		wrong("_total is for counters, all of them and nothing else")
	if (name ~ /_(ms|milliseconds|minutes|kib|mib|percent)(_|$)/)
		wrong("not a base unit")
	if (name ~ /_(bucket|sum|count|info)$/ || name ~ /_(counter|gauge|histogram)(_|$)/)
		wrong("a suffix that is reserved, or the type in the name")
}

/^# HELP / {
	family = $3
	if (family in help)
		wrong("HELP for the second time")
	if (NF < 4 || $0 ~ /\\[^n\\]/)
		wrong("no help, or an escape in it that is none")
	help[family] = NR
	next
}

/^# TYPE / {
	if (!($3 in help) || help[$3] != NR - 1)
		wrong("TYPE without HELP just before it")
	if ($3 in type)
		wrong("TYPE for the second time")
	if (NF != 4)
		wrong("TYPE has other than one word")
	type[$3] = $4
	check_name($3, $4)
	n_families++
	next
}

/^#/ || /^$/ { wrong("neither HELP nor TYPE nor a sample"); next }

{ check_sample() }

END {
	for (key in bounded)
		if (!(key in infinite)) {
			printf "%s}: no bucket +Inf\n", key
			n_wrong++
		}
	for (key in infinite)
		if (count[key] != infinite[key]) {
			printf "%s}: its count is not that of the bucket +Inf\n", key
			n_wrong++
		}
	if (n_series == 0) {
		print "no series at all"
		n_wrong++
	}
	if (n_wrong > 0)
		exit 1
	printf "%d families, %d series\n", n_families, n_series
}
