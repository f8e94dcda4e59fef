/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headroom/provider.h - the contract between Headroom and a provider module.
 *
 * A module is one shared object that exports one constant, HR_PROVIDER_SYMBOL. Nothing else is
 * shared: a module links against nothing of Headroom's.
 *
 * Status: draft. A module loads only where its HR_ABI_DRAFT equals the host's; every change of
 * this file raises the number and adds a line here. From 1.0 on: a module built for ABI 1.x loads
 * in every Headroom that offers ABI 1.
 *
 * Change-log
 *   draft 1  2026-11-23  first draft: open, close, check, create, status, list, destroy, inject,
 *                        discover, start, stop; the call object; host services by name.
 *   draft 2  2026-11-25  hosts (what http/1 may reach), rate preset, HR_SETTING_ACCOUNT_KEY,
 *                        HR_CAP_LEARNS_HOSTS; services http/1, secret/1, random/1, crypto/1;
 *                        draft/process starts programs that came with the module.
 *   draft 3  2026-12-01  no struct changes; what the host does:
 *                        - a server has one instance: another id later fails the step.
 *                        - HR_HOST_PLAIN_HTTP counts for link-local addresses with an only_when
 *                          alone; learnt hosts are http only where every endpoint is.
 *                        - a secret's default may be env:NAME, with a shown_when.
 *                        - log/1: of one account 100 lines a second, the rest is counted.
 *                        - http/1: HR_HTTP_IDEMPOTENT repeats on a kept connection that was closed
 *                          without an answer, and nowhere else; should the step fail then, its
 *                          outcome is unknown, whatever it says; a redirect takes the client
 *                          certificate to no other origin; this machine's and link-local addresses
 *                          are asked without the proxy; bodies of one account that are in memory
 *                          have 32 MiB together, more is HR_TRANSIENT.
 *                        - http/1, secret/1: a request or name that no message can carry (too long,
 *                          no UTF-8, control characters) is HR_INVALID.
 *                        - alloc: once it has given NULL nothing more is sent or started for the
 *                          call, no instance id is kept, and it cannot succeed.
 *                        - draft/process: signal reaches only what start has started, and its
 *                          sessions; programs are copied only where everybody may read them, else
 *                          HR_INVALID.
 *
 * Ownership, in three sentences
 *   1. Whatever the host passes in is borrowed until the function returns.
 *   2. Whatever the module reports goes through a host function that copies it before it returns.
 *   3. Nobody frees what the other side made; memory from the call's arena dies with the call.
 *
 * Life of an account, and of a step within it
 *
 *   open ---> check, status, list, create, destroy, inject, ... ---> close
 *             in any order, at once where thread_model permits it
 *
 *   a step:  create ---> HR_OK: done
 *              ^    \--> HR_AGAIN: call->again left a token; called again with it after the delay
 *              |     \-> an error, a crash, no answer: called again with the same bytes, attempt + 1
 *              +---------'   (or given up: then destroy, with or without an instance id)
 *
 *   Between two calls nothing of a step is in memory: the next may come to another process.
 *
 * Tags on function pointers
 *   thread     [any thread] of the host's; [serial] but never two at once for one account with
 *              HR_THREADS_SERIAL; [this call] any thread that works for that call
 *   state      [open] between open and close; [in call] until the operation returns
 *   waiting    [blocks] may wait for a request; [no wait] must not
 *   errors     [errors: ...] what it may return; [no errors]
 *   Whatever is passed lives until the function returns (ownership 1), unless its comment says more.
 */
#ifndef HEADROOM_PROVIDER_H
#define HEADROOM_PROVIDER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HR_ABI_MAJOR 0
#define HR_ABI_MINOR 0
#define HR_ABI_DRAFT 3
#define HR_ABI_STATUS "draft"
#define HR_ABI_MAGIC 0x4d524448u /* "HDRM" in little-endian order */

#if defined(__GNUC__)
#define HR_EXPORT __attribute__((visibility("default")))
#else
#define HR_EXPORT
#endif

/* In a static build (-DHR_STATIC_MODULE=<id>) libltdl's preopening needs the name
 * <id>_LTX_headroom_provider_v0. Vendors write HR_PROVIDER_SYMBOL in both builds. */
#define HR_PASTE_(a, b) a##_LTX_##b
#define HR_PASTE(a, b) HR_PASTE_(a, b)
#ifdef HR_STATIC_MODULE
#define HR_PROVIDER_SYMBOL HR_PASTE(HR_STATIC_MODULE, headroom_provider_v0)
#else
#define HR_PROVIDER_SYMBOL headroom_provider_v0
#endif

/* UTF-8 text or bytes: pointer and length, not NUL-terminated. Empty: len 0, ptr may be NULL. */
struct hr_span {
	const char *ptr;
	uint64_t len;
};

/* ---- Results -------------------------------------------------------------------------------
 * Every operation returns one of these numbers; they are never renumbered. The host treats one
 * that it does not know as HR_INTERNAL. Everything from 16 on is an error and needs details,
 * given by call->fail. The host decides about retries, never the module. */
enum {
	HR_OK = 0,
	HR_AGAIN = 1,        /* a step is under way: call->again was called */
	HR_AUTH = 16,        /* credentials or rights are refused */
	HR_INVALID = 17,     /* a setting or a request is wrong; name the setting */
	HR_NOT_FOUND = 18,   /* the object does not exist, or is not ours */
	HR_QUOTA = 19,       /* a limit of the account is reached */
	HR_CAPACITY = 20,    /* the provider has none to give now */
	HR_THROTTLED = 21,   /* too many requests; say retry_after_ms */
	HR_CONFLICT = 22,    /* the object is busy; passes by itself */
	HR_TRANSIENT = 23,   /* network trouble, 5xx */
	HR_UNSUPPORTED = 24, /* cannot be done here */
	HR_CANCELLED = 25,   /* the host cancelled the call */
	HR_TIMEOUT = 26,     /* the deadline passed */
	HR_INTERNAL = 27     /* a defect of the module */
};

enum {
	HR_FAULT_OUTCOME_UNKNOWN = 1u << 0, /* the request may have taken effect */
	HR_FAULT_PROTECTED = 1u << 1        /* refused until a person changes something */
};

/* Details of an error. Empty spans and zeroes mean: not known. */
struct hr_fault {
	uint32_t size;  /* sizeof(struct hr_fault) */
	uint32_t flags; /* HR_FAULT_* */
	int32_t http_status;
	uint32_t reserved_0;
	int64_t retry_after_ms;
	struct hr_span message;       /* for a person: what happened, to what, what to do */
	struct hr_span setting;       /* key of the setting at fault */
	struct hr_span provider_code; /* the provider's own code */
	struct hr_span request_id;    /* the provider's id of the request */
};

/* ---- The call ------------------------------------------------------------------------------
 * One per operation under way; borrowed until it returns. All functions copy what they are given. */
struct hr_call {
	uint32_t size;
	uint32_t reserved_0;
	/* Milliseconds until the deadline; 0 when it has passed.
	 * [this call] [in call] [no wait] [no errors] */
	int64_t (*remaining_ms)(const struct hr_call *call);
	/* Not 0 once the host wants the call to end: return HR_CANCELLED within 250 ms.
	 * [this call] [in call] [no wait] [no errors] */
	int32_t (*cancelled)(const struct hr_call *call);
	/* Zeroed memory, aligned for any type, that dies with the call; NULL when there is none
	 * left: return HR_INTERNAL. The host sends nothing more for such a call, keeps no instance
	 * id, and takes no success of it.
	 * [this call] [in call] [no wait] [no errors] */
	void *(*alloc)(const struct hr_call *call, uint64_t bytes);
	/* Details of the error that the operation is about to return. The last one counts.
	 * [this call] [in call] [no wait] [no errors] */
	void (*fail)(const struct hr_call *call, const struct hr_fault *fault);
	/* Steps only: the id of the instance, as soon as it is known. Stored before anything else.
	 * A server has one: another id later fails the step.
	 * [this call] [in call] [no wait] [no errors] */
	void (*instance)(const struct hr_call *call, struct hr_span instance_id);
	/* Steps only, then return HR_AGAIN: resume token (opaque UTF-8 text, at most 4096 bytes), delay
	 * before the next call, percent 0..100 or -1, text for whoever waits.
	 * [this call] [in call] [no wait] [no errors] */
	void (*again)(const struct hr_call *call, struct hr_span resume_token, int64_t delay_ms,
		      int32_t percent, struct hr_span text);

	/* minor 0 ends here */
};

#define HR_RESUME_TOKEN_MAX 4096

/* ---- Settings ------------------------------------------------------------------------------ */
enum {
	HR_TYPE_STRING = 1,
	HR_TYPE_INTEGER = 2,
	HR_TYPE_BOOLEAN = 3,
	HR_TYPE_ENUM = 4,
	HR_TYPE_DURATION =
		5, /* in JSON a number of seconds, or text such as "90s", "5m", "2h", "1d" */
	HR_TYPE_BYTES = 6,  /* in JSON a number of bytes, or text such as "20GiB" */
	HR_TYPE_SECRET = 7, /* text that is never shown again */
	HR_TYPE_TEXT = 8,   /* several lines */
	HR_TYPE_LIST = 9,   /* of strings */
	HR_TYPE_MAP = 10,   /* string to string */
	HR_TYPE_JSON = 11   /* an object */
};

enum {
	HR_SETTING_REQUIRED = 1u << 0,
	HR_SETTING_ADVANCED = 1u << 1,
	HR_SETTING_IMMUTABLE = 1u << 2,
	HR_SETTING_DEPRECATED = 1u << 3,
	HR_SETTING_DISCOVERABLE = 1u << 4,
	/* Accounts whose marked settings have equal values (access key and region, say) share one
	 * rate budget; where no setting is marked, each account has its own. */
	HR_SETTING_ACCOUNT_KEY = 1u << 5
};

/* What the daemon takes connection policy from; see docs/architecture.md. */
enum {
	HR_ROLE_NONE = 0,
	HR_ROLE_ENDPOINT = 1,
	HR_ROLE_TLS_CA = 2,
	HR_ROLE_TLS_VERIFY = 3,
	HR_ROLE_TLS_PIN = 4,
	HR_ROLE_TLS_CLIENT_CERT = 5,
	HR_ROLE_TLS_CLIENT_KEY = 6,
	HR_ROLE_PROXY = 7,
	HR_ROLE_TIMEOUT = 8,
	HR_ROLE_ALLOWED_HOSTS = 9,
	HR_ROLE_REFERENCE = 10 /* core only: the name of another object */
};

/* One row of a settings table. From it come parsing, defaults, validation, the JSON Schema, the
 * forms, the help and the list of what is masked. Strings are NUL-terminated constants. */
struct hr_setting {
	const char *key; /* [a-z][a-z0-9_]{0,62} */
	uint32_t type;   /* HR_TYPE_* */
	uint32_t flags;  /* HR_SETTING_* */
	uint32_t role;   /* HR_ROLE_* */
	uint32_t since_minor;
	/* As text ("30", "true", "5m", a JSON text); NULL: none. Of a secret "env:NAME" only, with a
	 * shown_when: a credential source of the daemon's environment. */
	const char *default_value;
	int64_t minimum;     /* of the number, seconds, bytes; of the length for text and lists */
	int64_t maximum;     /* both 0: no limits beyond the type's own */
	const char *pattern; /* POSIX extended regular expression, whole value; or NULL */
	const char *const *choices; /* of an enum, NULL-terminated; or NULL */
	const char *unit;           /* "s", "sessions", ... for people; or NULL */
	const char *group;          /* heading in forms and documents; or NULL */
	const char *title;          /* a few words */
	const char *help;           /* a sentence or two; required */
	const char *example;        /* a good value, as text; or NULL */
	const char *shown_when;     /* "key=value": applies only then; or NULL */
	const char *alias;          /* another accepted key; or NULL */

	/* minor 0 ends here */
};

/* A parsed, defaulted, validated value. Unset optional settings are absent. */
struct hr_value {
	struct hr_span key;
	uint32_t type; /* HR_TYPE_* */
	uint32_t n_items;
	int64_t integer;     /* integer; boolean 0 or 1; duration in seconds; bytes */
	struct hr_span text; /* string, enum, secret, text; json: as JSON text */
	const struct hr_span
		*items; /* list: n_items of them; map: n_items, keys and values in turn */
};

struct hr_open {
	uint32_t size;
	uint32_t n_values;
	uint64_t value_stride; /* bytes from one value to the next */
	const struct hr_value *values;
	struct hr_span installation; /* this installation's id, the value of its mark */
	struct hr_span account;      /* id of the provider config */
	struct hr_span state_dir;    /* profile HR_PROFILE_LOCAL: a folder of the account's own */

	/* minor 0 ends here */
};

/* ---- Requests and answers ------------------------------------------------------------------ */
struct hr_account; /* the module's own; made by open */

/* What marks our instances: tags, labels, metadata. Keys and values: [a-z0-9-], at most 63. */
struct hr_mark {
	struct hr_span key;
	struct hr_span value;
};

#define HR_MARK_INSTALLATION "headroom-installation"
#define HR_MARK_CONFIG "headroom-config"
#define HR_MARK_SERVER "headroom-server"

enum { HR_GUEST_LINUX = 1, HR_GUEST_WINDOWS = 2 };

/* A step on one server: create, destroy, inject, start, stop. Every attempt brings the same
 * bytes, but for attempt, resume_token and instance_id. */
struct hr_step {
	uint32_t size;
	uint32_t attempt; /* from 1; more than 1: this may have happened already, so look first */
	struct hr_span server_id;
	struct hr_span server_name; /* unique, [a-z0-9-], at most 63 */
	struct hr_span idempotency_token;
	struct hr_span resume_token; /* from call->again; empty at first */
	struct hr_span instance_id;  /* empty while unknown */
	const struct hr_mark *marks;
	uint32_t n_marks;
	uint32_t guest_os; /* HR_GUEST_* */
	struct hr_span host_name;
	struct hr_span script;    /* create, inject: rendered startup script */
	struct hr_span overrides; /* create: JSON object, or empty */

	/* minor 0 ends here */
};

/* Instance states. Never guess HR_STATE_GONE: it is a provider's definite answer. */
enum {
	HR_STATE_UNKNOWN = 0,
	HR_STATE_PENDING = 1,
	HR_STATE_RUNNING = 2,
	HR_STATE_STOPPING = 3,
	HR_STATE_STOPPED = 4,
	HR_STATE_GONE = 5,
	HR_STATE_ERROR = 6
};

struct hr_instance {
	uint32_t size;
	uint32_t state; /* HR_STATE_* */
	struct hr_span instance_id;
	struct hr_span server_id;   /* from its mark; list: required */
	struct hr_span config_id;   /* from its mark */
	struct hr_span address;     /* where sessions connect; empty: not known yet */
	struct hr_span status_text; /* the provider's own words */
	int64_t created_ms;         /* Unix time in ms; 0: not known */
	uint32_t connection_port;   /* 0: the config's */
	uint32_t reserved_0;

	/* minor 0 ends here */
};

/* Where status and list put their answers. All functions copy what they are given. */
struct hr_instance_sink {
	uint32_t size;
	uint32_t reserved_0;
	/* One that was found. [this call] [in call] [no wait] [no errors] */
	void (*instance)(const struct hr_instance_sink *sink, const struct hr_instance *instance);
	/* list only: a part (node, zone) that could not be read, and why. An incomplete list never
	 * proves absence. [this call] [in call] [no wait] [no errors] */
	void (*unread)(const struct hr_instance_sink *sink, struct hr_span part,
		       struct hr_span why);
	/* list only: everything was read. Without it the list is incomplete.
	 * [this call] [in call] [no wait] [no errors] */
	void (*complete)(const struct hr_instance_sink *sink);
};

struct hr_status {
	uint32_t size;
	uint32_t n_instances;
	const struct hr_span *instance_ids;
};

struct hr_list {
	uint32_t size;
	uint32_t reserved_0;
	struct hr_span installation; /* list what bears this mark */
};

/* check: each problem found, not only the first. */
struct hr_check_sink {
	uint32_t size;
	uint32_t reserved_0;
	/* Copies. [this call] [in call] [no wait] [no errors] */
	void (*problem)(const struct hr_check_sink *sink, int32_t result_class,
			const struct hr_fault *fault);
};

/* discover: choices for one setting, given the settings so far. */
struct hr_discover {
	uint32_t size;
	uint32_t reserved_0;
	struct hr_span setting;
};

struct hr_choice_sink {
	uint32_t size;
	uint32_t reserved_0;
	/* Copies. [this call] [in call] [no wait] [no errors] */
	void (*choice)(const struct hr_choice_sink *sink, struct hr_span value,
		       struct hr_span title);
};

/* ---- The host ------------------------------------------------------------------------------ */
struct hr_host {
	uint32_t magic; /* HR_ABI_MAGIC */
	uint16_t abi_major;
	uint16_t abi_minor;
	uint32_t size;
	uint32_t draft; /* HR_ABI_DRAFT */
	/* A service's constant table, whose first member is its size (uint64_t); NULL: not offered.
	 * Valid for the life of the process. See headroom/<service>.h.
	 * [any thread] [no wait] [no errors] */
	const void *(*service)(const struct hr_host *host, const char *name);

	/* minor 0 ends here */
};

/* ---- Reachable hosts ------------------------------------------------------------------------
 * http/1 reaches the hosts of settings with role endpoint, those of this table, and (with
 * HR_CAP_LEARNS_HOSTS) those that match the setting with role allowed-hosts, by default the
 * endpoint's parent domain or its address. Anything else is refused as HR_INVALID. */
enum {
	HR_HOST_PLAIN_HTTP = 1u << 0 /* http too, without TLS: of a link-local address (a metadata
					service) with an only_when; of others it is ignored */
};

struct hr_host_rule {
	/* "ec2.{aws_region}.amazonaws.com": the settings' values filled in; a value never spans a
	 * dot. An address stands for itself. */
	const char *pattern;
	const char *only_when; /* "key=value": only with that setting; or NULL */
	uint32_t flags;        /* HR_HOST_* */
	uint32_t reserved_0;

	/* minor 0 ends here */
};

/* ---- The descriptor ------------------------------------------------------------------------ */
enum { HR_THREADS_SERIAL = 1000, HR_THREADS_PARALLEL = 2000 };
enum { HR_PROFILE_COMPUTE = 1, HR_PROFILE_LOCAL = 2 };

enum { /* how scripts reach the guest */
       HR_SCRIPT_AT_CREATE = 1u << 0,
       HR_SCRIPT_AFTER_BOOT = 1u << 1 /* needs inject */
};

enum {                                   /* capabilities of the implementation */
       HR_CAP_CREATES_ONCE = 1u << 0,    /* an idempotency token or a unique name: never two */
       HR_CAP_ABSENT_ONE_LOOK = 1u << 1, /* one look proves absence, and nothing sent before
					    can take effect later; else two looks, apart */
       HR_CAP_LEARNS_HOSTS = 1u << 2     /* its provider hands out host names (a token catalog, a
					transfer URL); the role allowed-hosts bounds them */
};

struct hr_provider {
	/* These 16 bytes are frozen for ever. */
	uint32_t magic; /* HR_ABI_MAGIC */
	uint16_t abi_major;
	uint16_t abi_minor;
	uint32_t size;  /* sizeof(struct hr_provider) of the module's build */
	uint32_t flags; /* HR_PROVIDER_* */

	uint32_t draft; /* HR_ABI_DRAFT; 0 once the ABI is frozen */
	uint32_t thread_model;
	const char *id; /* [a-z][a-z0-9]{1,31}, equal to the file's name */
	const char *title;
	const char *version;
	const char *vendor;
	const char *url;
	const char *licence;
	uint64_t capabilities;    /* HR_CAP_* */
	uint32_t max_concurrency; /* largest useful number of calls at once; 0: the host's choice */
	uint32_t profile;         /* HR_PROFILE_* */
	const struct hr_setting *settings;
	uint32_t n_settings;
	uint32_t settings_stride; /* sizeof(struct hr_setting) of the module's build */
	uint32_t linux_scripts;   /* HR_SCRIPT_*; 0: none */
	uint32_t windows_scripts;
	uint64_t script_max;         /* bytes before the provider's encoding; 0: no limit */
	uint64_t script_encoded_max; /* bytes after it; 0: no limit */

	/* Settings to an account: no network here. [any thread] [no wait] [errors: invalid,
	 * unsupported, internal] */
	int32_t (*open)(const struct hr_host *host, const struct hr_call *call,
			const struct hr_open *request, struct hr_account **ret_account);
	/* After the account's last call; frees it. [any thread] [no wait] [no errors] */
	void (*close)(struct hr_account *account);

	/* Prove credentials, rights and each named object. HR_OK with problems reported is a
	 * finished check; an error means that the check itself could not be done.
	 * [any thread] [serial] [open] [blocks] [errors: any] */
	int32_t (*check)(struct hr_account *account, const struct hr_call *call,
			 const struct hr_check_sink *sink);
	/* A step. Done: the instance exists (call->instance was called, in this call or one before),
	 * booting or better.
	 * [any thread] [serial] [open] [blocks] [errors: any] */
	int32_t (*create)(struct hr_account *account, const struct hr_call *call,
			  const struct hr_step *step);
	/* One answer for each id asked; HR_STATE_GONE only when the provider says so.
	 * [any thread] [serial] [open] [blocks] [errors: any] */
	int32_t (*status)(struct hr_account *account, const struct hr_call *call,
			  const struct hr_status *request, const struct hr_instance_sink *sink);
	/* All instances that bear this installation's mark.
	 * [any thread] [serial] [open] [blocks] [errors: any] */
	int32_t (*list)(struct hr_account *account, const struct hr_call *call,
			const struct hr_list *request, const struct hr_instance_sink *sink);
	/* A step. Done: proven absent, with everything that came with it; a second time too.
	 * Without instance_id find what exists by server id, name, token and marks. Where the mark
	 * is another's: HR_NOT_FOUND.
	 * [any thread] [serial] [open] [blocks] [errors: any] */
	int32_t (*destroy)(struct hr_account *account, const struct hr_call *call,
			   const struct hr_step *step);

	/* Optional (NULL): the host answers HR_UNSUPPORTED itself. */

	/* A step: the script runs in the guest. Done: it has ended well.
	 * [any thread] [serial] [open] [blocks] [errors: any] */
	int32_t (*inject)(struct hr_account *account, const struct hr_call *call,
			  const struct hr_step *step);
	/* Choices for a setting that has HR_SETTING_DISCOVERABLE.
	 * [any thread] [serial] [open] [blocks] [errors: any] */
	int32_t (*discover)(struct hr_account *account, const struct hr_call *call,
			    const struct hr_discover *request, const struct hr_choice_sink *sink);
	/* A step: a stopped instance runs again.
	 * [any thread] [serial] [open] [blocks] [errors: any] */
	int32_t (*start)(struct hr_account *account, const struct hr_call *call,
			 const struct hr_step *step);
	/* A step: the instance stays, and costs as little as it can.
	 * [any thread] [serial] [open] [blocks] [errors: any] */
	int32_t (*stop)(struct hr_account *account, const struct hr_call *call,
			const struct hr_step *step);

	const struct hr_host_rule *hosts; /* or NULL */
	uint32_t n_hosts;
	uint32_t hosts_stride; /* sizeof(struct hr_host_rule) of the module's build */
	/* Where an account's rate budget begins, in calls; 0: the host's choice. It then adapts. */
	uint32_t rate_per_minute;
	uint32_t rate_burst;

	/* minor 0 ends here */
};

enum {
	HR_PROVIDER_NEEDS_MINOR = 1u << 0 /* refuse this module in a host of an older minor */
};

/* First members of every descriptor. */
#define HR_PROVIDER_HEADER                                                           \
	.magic = HR_ABI_MAGIC, .abi_major = HR_ABI_MAJOR, .abi_minor = HR_ABI_MINOR, \
	.size = sizeof(struct hr_provider), .draft = HR_ABI_DRAFT

/* Text constants as spans. */
#define HR_SPAN_OF(literal)                    \
	{                                      \
		(literal), sizeof(literal) - 1 \
	}

#ifdef HR_BUILDS_MODULE
extern HR_EXPORT const struct hr_provider HR_PROVIDER_SYMBOL;
#endif

#ifdef __cplusplus
}
#endif
#endif
