/* SPDX-License-Identifier: Apache-2.0 */
/* headroom/sdk_script.h - startup scripts in the forms that clouds and guests take. The script itself is
 * rendered by Headroom and comes with the step. See headroom/sdk.h for memory and threads.
 *
 * Equal input gives equal bytes, so that a create that is sent twice is the same. With zlib, where hr_gzip is
 * used. */
#ifndef HEADROOM_SDK_SCRIPT_H
#define HEADROOM_SDK_SCRIPT_H

#include <headroom/sdk.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Encodings ----------------------------------------------------------------------------- */

/* RFC 4648, padded, on one line. */
const char *hr_base64(const struct hr_call *call, struct hr_span data);

/* Of cloud-init, which takes user data in this form; EC2Launch and cloudbase-init do not. No time and
 * no name are in it. Empty: no memory. */
struct hr_span hr_gzip(const struct hr_call *call, struct hr_span data);

/* ---- cloud-init: https://cloudinit.readthedocs.io, User data formats ------------------------- */

#define HR_PART_SCRIPT "text/x-shellscript"
#define HR_PART_CONFIG "text/cloud-config"

struct hr_part {
	const char *type;      /* HR_PART_*, or another that cloud-init knows */
	const char *file_name; /* [A-Za-z0-9._-]; in its logs */
	struct hr_span text;
};

/* Several parts as one MIME document. Text that is not plain ASCII, or has longer lines than mail
 * may have, is in base64. */
const char *hr_cloud_init(const struct hr_call *call, const struct hr_part *parts, size_t n_parts);

/* ---- Windows ------------------------------------------------------------------------------- */

enum {
	HR_EC2_EACH_BOOT = 1u << 0, /* <persist>: at each boot, not only the first */
	HR_EC2_DETACH = 1u << 1     /* <detach>, version 2: beside what else starts */
};

/* PowerShell for EC2Config and EC2Launch, versions 1 and 2, between <powershell> tags (Amazon EC2 User
 * Guide, "Run commands when you launch an EC2 instance with user data input"). A script that brings
 * <powershell> or <script> tags along, or is YAML for version 2, stays as it is. */
const char *hr_ec2launch(const struct hr_call *call, struct hr_span script, uint32_t flags);

/* PowerShell of 64 bits for cloudbase-init: after a first line #ps1_sysnative (its documentation, "User
 * data"). A script whose first line says already what it is ("#ps1", "#!", "rem cmd", "#cloud-config",
 * "Content-Type") stays as it is. */
const char *hr_cloudbase(const struct hr_call *call, struct hr_span script);

#ifdef __cplusplus
}
#endif
#endif
