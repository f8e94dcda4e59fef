# SPDX-License-Identifier: Apache-2.0
# Reads a public header and writes a C program that prints its binary interface, one line each: every constant with
# its value, every member of every struct with offset, size and declaration. What it does not understand ends it:
# nothing is left out in silence.
# Usage: awk -f layout.awk HEADER… >layout.c

function trim(text)
{
	gsub(/[ \t\n]+/, " ", text)
	gsub(/^ | $/, "", text)
	return text
}

function fail(what)
{
	print "layout.awk: this is not understood: " substr(trim(what), 1, 100) > "/dev/stderr"
	exit failed = 1
}

# As a C string's inside.
function quoted(text)
{
	gsub(/\\/, "\\\\", text)
	gsub(/"/, "\\\"", text)
	gsub(/%/, "%%", text)
	return text
}

function member_name(declaration,    name)
{
	if (match(declaration, /\(\*[a-z0-9_]+\)/))
		return substr(declaration, RSTART + 2, RLENGTH - 3)
	name = declaration
	sub(/(\[[^\]]*\])?;$/, "", name)
	sub(/^.*[ *]/, "", name)
	return name
}

function do_struct(name, body,    n, i, members, declaration, member)
{
	printf "\tprintf(\"struct %s size %%zu\\n\", sizeof(struct %s));\n", name, name
	n = split(body, members, ";")
	for (i = 1; i < n; i++) {
		declaration = trim(members[i]) ";"
		member = member_name(declaration)
		if (member !~ /^[a-z][a-z0-9_]*$/)
			fail(declaration)
		printf "\tprintf(\"%s.%s offset %%zu size %%zu: %s\\n\", offsetof(struct %s, %s), sizeof(((struct %s *)0)->%s));\n",
			name, member, quoted(declaration), name, member, name, member
	}
	if (trim(members[n]) != "")
		fail(members[n])
}

function do_enum(body,    n, i, constants, constant)
{
	n = split(body, constants, ",")
	for (i = 1; i <= n; i++) {
		constant = trim(constants[i])
		if (constant == "")
			continue
		sub(/ *=.*/, "", constant)
		if (constant !~ /^HR_[A-Z0-9_]+$/)
			fail(constants[i])
		printf "\tprintf(\"%s = %%lld\\n\", (long long)%s);\n", constant, constant
	}
}

# Numbers and texts; macros with arguments, and what they are made of, are source, and no interface.
function do_define(line,    name, value)
{
	name = line
	sub(/^#define +/, "", name)
	if (name ~ /^[A-Z0-9_]+\(/ || name !~ /^[A-Z0-9_]+ +[^ ]/)
		return
	value = name
	sub(/ .*/, "", name)
	sub(/^[A-Z0-9_]+ +/, "", value)
	if (value ~ /^"/)
		printf "\tprintf(\"%s = \\\"%%s\\\"\\n\", %s);\n", name, name
	else if (value ~ /^(0x[0-9a-f]+|[0-9]+)u?$/)
		printf "\tprintf(\"%s = %%lld\\n\", (long long)%s);\n", name, name
}

{ rest = rest $0 "\n" }

END {
	if (failed)
		exit 1
	# Without comments, and with continued lines as one.
	while ((at = index(rest, "/*")) > 0)
		rest = substr(rest, 1, at - 1) " " substr(rest, at + 1 + index(substr(rest, at + 2), "*/") + 2)
	gsub(/\\\n/, " ", rest)
	print "#include <stddef.h>\n#include <stdint.h>\n#include <stdio.h>\n#include \"headers.h\"\n\nint main(void)\n{"
	while (rest !~ /^[ \t\n]*$/) {
		sub(/^[ \t\n]+/, "", rest)
		if (rest ~ /^#/) {
			at = index(rest, "\n")
			if (rest ~ /^#define/)
				do_define(substr(rest, 1, at - 1))
			rest = substr(rest, at + 1)
		} else if (rest ~ /^extern "C" \{/ || rest ~ /^\}/) {
			rest = substr(rest, index(rest, "\n") + 1)
		} else if (rest ~ /^(struct [a-z0-9_]+|enum)[ \n]*\{/) {
			head = trim(substr(rest, 1, index(rest, "{") - 1))
			rest = substr(rest, index(rest, "{") + 1)
			body = substr(rest, 1, index(rest, "}") - 1)
			rest = substr(rest, index(rest, "}") + 1)
			if (rest !~ /^[ \n]*;/)
				fail(head)
			rest = substr(rest, index(rest, ";") + 1)
			if (head == "enum")
				do_enum(body)
			else
				do_struct(substr(head, 8), body)
		} else if (rest ~ /^(struct [a-z0-9_]+;|extern HR_EXPORT )/) {
			rest = substr(rest, index(rest, ";") + 1)
		} else {
			fail(rest)
		}
	}
	print "\treturn 0;\n}"
}
