# SPDX-License-Identifier: Apache-2.0
#
# C source without comments and without the contents of strings and character constants, line for
# line. Prints FILE:LINE:REST. To be given one or more files.

function string_end(text, quote,    pattern)
{
	pattern = (quote == "\"") ? "^([^\"\\\\]|\\\\.)*\"" : "^([^'\\\\]|\\\\.)*'"
	return match(text, pattern) ? RLENGTH : length(text)
}

function strip(line,    out, token)
{
	out = ""
	while (line != "") {
		if (in_comment) {
			if (!match(line, /\*\//))
				return out
			line = substr(line, RSTART + 2)
			in_comment = 0
			out = out " "
			continue
		}
		if (!match(line, /\/\*|\/\/|"|'/))
			return out line
		token = substr(line, RSTART, RLENGTH)
		out = out substr(line, 1, RSTART - 1)
		line = substr(line, RSTART + RLENGTH)
		if (token == "/*") {
			in_comment = 1
		} else if (token == "//") {
			return out
		} else {
			line = substr(line, string_end(line, token) + 1)
			out = out token token
		}
	}
	return out
}

FNR == 1 { in_comment = 0 }
{ print FILENAME ":" FNR ":" strip($0) }
