# SPDX-License-Identifier: Apache-2.0

# HR_ABI_NUMBER(NAME)
#
# Substitutes a number of the provider ABI, as its header defines it.
AC_DEFUN([HR_ABI_NUMBER], [
$1=`awk '$[1] == "@%:@define" && $[2] == "$1" {print $[3]}' "$srcdir/sdk/include/headroom/provider.h"`
AS_CASE([$$1], [''|*[[!0-9]]*], [AC_MSG_ERROR([sdk/include/headroom/provider.h does not define $1 as a number])])
AC_SUBST([$1])
])
