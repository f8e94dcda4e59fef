# headroom.m4 - for the configure.ac of a provider module                       serial 1
# SPDX-License-Identifier: Apache-2.0
#
# HEADROOM_PROVIDER
#   Finds the installed Headroom (PKG_CONFIG_PATH leads to another one), or ends configure saying what to install.
#   Sets for Makefile.am:
#     HEADROOM_CFLAGS       for the module's sources
#     HEADROOM_LDFLAGS      for the module, behind "-module -avoid-version" (automake wants to read these): one exported
#                           symbol, bound at load, no open references
#     HEADROOM_LIBS         libheadroom-sdk.a, jansson
#     headroom_providerdir  where modules go; --with-providerdir=DIR names another folder
#     HEADROOM_HOST, HEADROOM_CONFORMANCE   the programs
#     HEADROOM_ABI          "MAJOR.MINOR", with " draft N" while it is a draft
AC_DEFUN([HEADROOM_PROVIDER], [
AC_REQUIRE([PKG_PROG_PKG_CONFIG])
PKG_CHECK_MODULES([HEADROOM], [headroom-provider], [], [AC_MSG_ERROR([
  headroom-provider was not found: install Headroom's development files, or name the folder of its
  headroom-provider.pc in PKG_CONFIG_PATH])])
headroom_variable()
{
	$PKG_CONFIG --variable="$[1]" headroom-provider
}
headroom_map=`headroom_variable provider_map`
HEADROOM_CFLAGS="$HEADROOM_CFLAGS -DHR_BUILDS_MODULE -fvisibility=hidden"
HEADROOM_LDFLAGS="-shared -Wl,-z,now -Wl,-z,relro -Wl,-z,defs -Wl,--version-script=$headroom_map"
AC_ARG_WITH([providerdir],
	[AS_HELP_STRING([--with-providerdir=DIR], [where the module goes (where the installed Headroom looks)])],
	[headroom_providerdir=$withval], [headroom_providerdir=`headroom_variable providerdir`])
HEADROOM_HOST=`headroom_variable host`
HEADROOM_CONFORMANCE=`headroom_variable conformance`
HEADROOM_ABI=`headroom_variable abi_major`.`headroom_variable abi_minor`
test "`headroom_variable abi_draft`" = 0 || HEADROOM_ABI="$HEADROOM_ABI draft `headroom_variable abi_draft`"
AC_SUBST([HEADROOM_LDFLAGS])
AC_SUBST([headroom_providerdir])
AC_SUBST([HEADROOM_HOST])
AC_SUBST([HEADROOM_CONFORMANCE])
AC_SUBST([HEADROOM_ABI])
])
