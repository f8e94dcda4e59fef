# SPDX-License-Identifier: Apache-2.0

# HR_LIBRARY(VARIABLE, PKG-CONFIG-MODULE, DEBIAN-PACKAGE, PURPOSE)
#
# Finds a library by pkg-config: VARIABLE_CFLAGS and VARIABLE_LIBS. A missing one is noted
# and configure goes on: HR_MISSING_REPORT names all of them at once and stops.
AC_DEFUN([HR_LIBRARY], [
PKG_CHECK_MODULES([$1], [$2],
	[AS_VAR_APPEND([hr_found], [" m4_bpatsubst([$2], [ .*])"])],
	[HR_MISSING([$2], [$3], [$4])])
])

# HR_MISSING(WHAT, DEBIAN-PACKAGE, PURPOSE)
AC_DEFUN([HR_MISSING], [
AS_VAR_APPEND([hr_missing_text], ["
    $1 ($3): Debian package $2"])
AS_VAR_APPEND([hr_missing_packages], [" $2"])
])

# HR_MISSING_REPORT: stops if anything was noted as missing.
AC_DEFUN([HR_MISSING_REPORT], [
AS_IF([test -n "$hr_missing_packages"], [
AC_MSG_ERROR([these are missing or too old:
$hr_missing_text

  On Debian, install them all by:  apt-get install$hr_missing_packages
])])
])
