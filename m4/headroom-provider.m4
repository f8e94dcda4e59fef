# SPDX-License-Identifier: Apache-2.0

# HR_PROVIDER(NAME, DEFAULT)
#
# Declares one provider module: --enable-provider-NAME, --disable-provider-NAME and the
# automake conditional PROVIDER_NAME, around which plugins/NAME/Makefile.inc builds its rules.
# DEFAULT is yes or no.
AC_DEFUN([HR_PROVIDER], [
AC_ARG_ENABLE([provider-$1],
	[AS_HELP_STRING([--enable-provider-$1], [build the provider module $1 (default: $2)])],
	[], [AS_VAR_SET([enable_provider_$1], [$2])])
AM_CONDITIONAL([PROVIDER_]m4_toupper([$1]), [test "x$enable_provider_$1" = xyes])
AS_VAR_IF([enable_provider_$1], [yes], [AS_VAR_APPEND([hr_providers], [" $1"])])
])
