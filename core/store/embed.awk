# SPDX-License-Identifier: Apache-2.0
# Makes migrations.c of the .sql files given, in their order: the binary carries its schema.
# Comments (-- to the line's end) are left out, so no text in the SQL may hold "--".
BEGIN {
	print "/* Made from migrations/ by embed.awk. */"
	print "#include \"store/migrate.h\"\n"
	print "const char *const migrations[] = {"
}
FNR == 1 {
	if (NR > 1)
		print "\t),"
	print "\t(" # so that no compiler takes its lines for elements with a comma missing
}
{
	sub(/[ \t]*--.*/, "")
	if ($0 ~ /^[ \t]*$/)
		next
	gsub(/\\/, "\\\\")
	gsub(/"/, "\\\"")
	print "\t\"" $0 "\\n\""
}
END {
	print "\t)"
	print "};\n"
	print "const int64_t n_migrations = sizeof(migrations) / sizeof(migrations[0]);"
}
