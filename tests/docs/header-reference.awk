# SPDX-License-Identifier: Apache-2.0
# One public header as a page of Markdown: sections as headings, comments as text, structs and enums as tables,
# the rest as code. Written for headers as ours are: declarations end in ";", a comment stands before what it
# is about or behind it on the same line.
# Usage: awk -f header-reference.awk -v name=headroom/provider.h HEADER

function trim(text)
{
	gsub(/^[ \t\n]+|[ \t\n]+$/, "", text)
	return text
}

# As text of Markdown, on one line.
function plain(text)
{
	gsub(/[ \t\n]+/, " ", text)
	gsub(/[*<|]/, "\\\\&", text)
	return trim(text)
}

function code(text)
{
	gsub(/[ \t\n]+/, " ", text)
	gsub(/\|/, "\\\\|", text)
	return "`" trim(text) "`"
}

# A comment's inside: without the stars before its lines. Its paragraphs stay; what is indented is code.
function inside(comment)
{
	comment = substr(comment, 3, length(comment) - 4)
	gsub(/\n[ \t]*\* ?/, "\n", comment)
	return comment
}

function say_text(text,    lines, n, i, in_code, n_empty)
{
	n = split(text, lines, "\n")
	in_code = 0
	for (i = 1; i <= n; i++) {
		if (lines[i] ~ /^ *$/) {
			n_empty++
			continue
		}
		if ((lines[i] ~ /^   *[^ ]/ && i > 1) != in_code) {
			print in_code ? "```\n" : "\n```text"
			in_code = !in_code
		} else if (n_empty > 0) {
			print ""
		}
		n_empty = 0
		if (in_code) {
			print lines[i]
		} else {
			gsub(/[*<|]/, "\\\\&", lines[i])
			print trim(lines[i])
		}
	}
	if (in_code)
		print "```"
	print ""
}

# What has been said and belongs to what comes.
function say_pending()
{
	if (pending != "")
		say_text(trim(pending))
	pending = ""
}

function end_code()
{
	if (in_listing)
		print "```\n"
	in_listing = 0
}

function list_code(text)
{
	if (!in_listing)
		print "```c"
	in_listing = 1
	print text
}

# Takes white space; how many lines ended is in n_lines.
function skip_space()
{
	n_lines = 0
	while (match(rest, /^[ \t\n]/)) {
		if (substr(rest, 1, 1) == "\n")
			n_lines++
		rest = substr(rest, 2)
	}
}

function take_comment(    end, comment)
{
	end = index(substr(rest, 3), "*/") + 3
	comment = substr(rest, 1, end)
	rest = substr(rest, end + 1)
	return inside(comment)
}

function take_until(character,    end, taken)
{
	end = index(rest, character)
	taken = substr(rest, 1, end)
	rest = substr(rest, end + 1)
	return taken
}

# A declaration to its ";", with the comments in it left out of it; they are in aside.
function take_declaration(    at, declaration)
{
	aside = ""
	while (match(rest, /;|\/\*/)) {
		at = RSTART
		declaration = declaration substr(rest, 1, at - 1)
		rest = substr(rest, at)
		if (substr(rest, 1, 1) == ";") {
			rest = substr(rest, 2)
			return declaration ";"
		}
		aside = aside " " take_comment()
	}
	print "header-reference.awk: " name ": a declaration has no end: " substr(declaration, 1, 60) > "/dev/stderr"
	exit failed = 1
}

# The comment behind what was just taken, if there is one on its line.
function take_remark()
{
	if (!match(rest, /^[ \t]*\/\*/))
		return ""
	skip_space()
	return take_comment()
}

function table(heads)
{
	print "| " heads " | |\n|---|---|"
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

function say_struct(    head, before, member)
{
	head = trim(substr(take_until("{"), 1))
	sub(/ *{$/, "", head)
	print "#### " head "\n"
	say_pending()
	table("member")
	before = ""
	for (;;) {
		skip_space()
		if (before != "" && n_lines > 1) {
			print "| | " plain(before) " |"
			before = ""
		}
		if (substr(rest, 1, 2) == "/*") {
			before = before " " take_comment()
		} else if (substr(rest, 1, 1) == "}") {
			break
		} else {
			member = take_declaration()
			before = before " " aside " " take_remark()
			print "| " code(member) " | " plain(before) " |"
			before = ""
		}
	}
	if (before != "")
		print "| | " plain(before) " |"
	take_until(";")
	print ""
}

function say_enum(    before, constant, at)
{
	take_until("{")
	say_pending()
	before = ""
	table("constant")
	for (;;) {
		skip_space()
		if (substr(rest, 1, 2) == "/*") {
			before = before " " take_comment()
			continue
		}
		if (substr(rest, 1, 1) == "}")
			break
		at = match(rest, /[,}]|\/\*/)
		constant = substr(rest, 1, at - 1)
		rest = substr(rest, at)
		if (substr(rest, 1, 1) == ",")
			rest = substr(rest, 2)
		before = before " " take_remark()
		print "| " code(constant) " | " plain(before) " |"
		before = ""
	}
	take_until(";")
	print ""
}

function say_directive(    line)
{
	do {
		line = take_until("\n")
		directive = directive line
	} while (line ~ /\\\n$/)
	sub(/\n$/, "", directive)
	if (directive !~ /^#define [A-Z0-9_]+(\([^)]*\))? +[^ ]/ || directive ~ /^#define [A-Z0-9_]+_\(/)
		return
	if (pending != "")
		end_code()
	say_pending()
	list_code(directive)
}

function say_comment(    comment, at)
{
	comment = take_comment()
	if (comment !~ /^ ----/) {
		pending = pending (pending == "" ? "" : "\n\n") comment
		return
	}
	end_code()
	say_pending()
	sub(/^ -+ */, "", comment)
	at = index(comment, "----")
	print "### " trim(substr(comment, 1, at - 1)) "\n"
	comment = substr(comment, at)
	sub(/^-+/, "", comment)
	if (trim(comment) != "")
		say_text(trim(comment))
}

{ rest = rest $0 "\n" }

END {
	if (failed)
		exit 1
	print "## " name "\n"
	sub(/^\/\* SPDX[^\n]*\n/, "", rest)
	for (;;) {
		skip_space()
		if (rest == "")
			break
		# A comment that stands alone is said where it stands.
		if (n_lines > 1 && pending != "") {
			end_code()
			say_pending()
		}
		if (n_lines > 1)
			end_code()
		directive = ""
		if (substr(rest, 1, 2) == "/*") {
			say_comment()
		} else if (substr(rest, 1, 1) == "#") {
			say_directive()
		} else if (rest ~ /^extern "C" {/ || rest ~ /^}/) {
			take_until("\n")
		} else if (rest ~ /^enum [a-z0-9_]* *{/ || rest ~ /^enum *{/) {
			end_code()
			say_enum()
		} else if (rest ~ /^struct [a-z0-9_]+ *{/) {
			end_code()
			say_struct()
		} else {
			directive = take_declaration()
			if (pending != "" || aside != "")
				end_code()
			pending = pending (aside == "" ? "" : "\n\n" aside)
			say_pending()
			list_code(directive)
			pending = take_remark()
			if (pending != "") {
				end_code()
				say_pending()
			}
		}
	}
	end_code()
	say_pending()
}
