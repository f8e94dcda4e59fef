/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519 key pairs in OpenSSH's text forms, made from 32 bytes. */
#ifndef HR_ENGINE_SSH_KEY_H
#define HR_ENGINE_SSH_KEY_H

#include <stdint.h>

#include "base/error.h"

/* The same seed gives the same pair. *ret_private ("-----BEGIN OPENSSH PRIVATE KEY-----…", not
 * encrypted) and *ret_public ("ssh-ed25519 AAAA… comment") are malloc'ed; the caller wipes the
 * private one. */
int ssh_key_make(const uint8_t seed[32], const char *comment, char **ret_private, char **ret_public,
		 struct hr_error *err);

/* Whether text is one OpenSSH public key line of a type that we accept, without newline or
 * option prefix. */
int ssh_key_public_valid(const char *text);

#endif
