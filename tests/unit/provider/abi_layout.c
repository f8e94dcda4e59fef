/* SPDX-License-Identifier: Apache-2.0 */
/* The layout of every public struct on machines with 64-bit longs and pointers, member by member.
 * Where this does not compile, modules that were built before do not fit any more: while the ABI is
 * a draft, raise HR_ABI_DRAFT; once it is frozen, undo the change. Compiled only, never run. */
#include <stddef.h>

#include <headroom/clock.h>
#include <headroom/crypto.h>
#include <headroom/http.h>
#include <headroom/log.h>
#include <headroom/process.h>
#include <headroom/provider.h>
#include <headroom/random.h>
#include <headroom/secret.h>

#define AT(type, member, offset) \
	_Static_assert(offsetof(struct type, member) == (offset), #type "." #member " has moved")
#define SIZE(type, bytes) _Static_assert(sizeof(struct type) == (bytes), #type " has another size")

typedef int abi_layout_is_checked_here;

#if defined(__LP64__)

SIZE(hr_span, 16);
AT(hr_span, ptr, 0);
AT(hr_span, len, 8);

SIZE(hr_fault, 88);
AT(hr_fault, size, 0);
AT(hr_fault, flags, 4);
AT(hr_fault, http_status, 8);
AT(hr_fault, reserved_0, 12);
AT(hr_fault, retry_after_ms, 16);
AT(hr_fault, message, 24);
AT(hr_fault, setting, 40);
AT(hr_fault, provider_code, 56);
AT(hr_fault, request_id, 72);

SIZE(hr_call, 56);
AT(hr_call, size, 0);
AT(hr_call, reserved_0, 4);
AT(hr_call, remaining_ms, 8);
AT(hr_call, cancelled, 16);
AT(hr_call, alloc, 24);
AT(hr_call, fail, 32);
AT(hr_call, instance, 40);
AT(hr_call, again, 48);

SIZE(hr_setting, 120);
AT(hr_setting, key, 0);
AT(hr_setting, type, 8);
AT(hr_setting, flags, 12);
AT(hr_setting, role, 16);
AT(hr_setting, since_minor, 20);
AT(hr_setting, default_value, 24);
AT(hr_setting, minimum, 32);
AT(hr_setting, maximum, 40);
AT(hr_setting, pattern, 48);
AT(hr_setting, choices, 56);
AT(hr_setting, unit, 64);
AT(hr_setting, group, 72);
AT(hr_setting, title, 80);
AT(hr_setting, help, 88);
AT(hr_setting, example, 96);
AT(hr_setting, shown_when, 104);
AT(hr_setting, alias, 112);

SIZE(hr_value, 56);
AT(hr_value, key, 0);
AT(hr_value, type, 16);
AT(hr_value, n_items, 20);
AT(hr_value, integer, 24);
AT(hr_value, text, 32);
AT(hr_value, items, 48);

SIZE(hr_open, 72);
AT(hr_open, size, 0);
AT(hr_open, n_values, 4);
AT(hr_open, value_stride, 8);
AT(hr_open, values, 16);
AT(hr_open, installation, 24);
AT(hr_open, account, 40);
AT(hr_open, state_dir, 56);

SIZE(hr_mark, 32);
AT(hr_mark, key, 0);
AT(hr_mark, value, 16);

SIZE(hr_step, 152);
AT(hr_step, size, 0);
AT(hr_step, attempt, 4);
AT(hr_step, server_id, 8);
AT(hr_step, server_name, 24);
AT(hr_step, idempotency_token, 40);
AT(hr_step, resume_token, 56);
AT(hr_step, instance_id, 72);
AT(hr_step, marks, 88);
AT(hr_step, n_marks, 96);
AT(hr_step, guest_os, 100);
AT(hr_step, host_name, 104);
AT(hr_step, script, 120);
AT(hr_step, overrides, 136);

SIZE(hr_instance, 104);
AT(hr_instance, size, 0);
AT(hr_instance, state, 4);
AT(hr_instance, instance_id, 8);
AT(hr_instance, server_id, 24);
AT(hr_instance, config_id, 40);
AT(hr_instance, address, 56);
AT(hr_instance, status_text, 72);
AT(hr_instance, created_ms, 88);
AT(hr_instance, connection_port, 96);
AT(hr_instance, reserved_0, 100);

SIZE(hr_instance_sink, 32);
AT(hr_instance_sink, size, 0);
AT(hr_instance_sink, reserved_0, 4);
AT(hr_instance_sink, instance, 8);
AT(hr_instance_sink, unread, 16);
AT(hr_instance_sink, complete, 24);

SIZE(hr_status, 16);
AT(hr_status, size, 0);
AT(hr_status, n_instances, 4);
AT(hr_status, instance_ids, 8);

SIZE(hr_list, 24);
AT(hr_list, size, 0);
AT(hr_list, reserved_0, 4);
AT(hr_list, installation, 8);

SIZE(hr_check_sink, 16);
AT(hr_check_sink, size, 0);
AT(hr_check_sink, reserved_0, 4);
AT(hr_check_sink, problem, 8);

SIZE(hr_discover, 24);
AT(hr_discover, size, 0);
AT(hr_discover, reserved_0, 4);
AT(hr_discover, setting, 8);

SIZE(hr_choice_sink, 16);
AT(hr_choice_sink, size, 0);
AT(hr_choice_sink, reserved_0, 4);
AT(hr_choice_sink, choice, 8);

SIZE(hr_host, 24);
AT(hr_host, magic, 0);
AT(hr_host, abi_major, 4);
AT(hr_host, abi_minor, 6);
AT(hr_host, size, 8);
AT(hr_host, draft, 12);
AT(hr_host, service, 16);

SIZE(hr_host_rule, 24);
AT(hr_host_rule, pattern, 0);
AT(hr_host_rule, only_when, 8);
AT(hr_host_rule, flags, 16);
AT(hr_host_rule, reserved_0, 20);

SIZE(hr_provider, 240);
AT(hr_provider, magic, 0);
AT(hr_provider, abi_major, 4);
AT(hr_provider, abi_minor, 6);
AT(hr_provider, size, 8);
AT(hr_provider, flags, 12);
AT(hr_provider, draft, 16);
AT(hr_provider, thread_model, 20);
AT(hr_provider, id, 24);
AT(hr_provider, title, 32);
AT(hr_provider, version, 40);
AT(hr_provider, vendor, 48);
AT(hr_provider, url, 56);
AT(hr_provider, licence, 64);
AT(hr_provider, capabilities, 72);
AT(hr_provider, max_concurrency, 80);
AT(hr_provider, profile, 84);
AT(hr_provider, settings, 88);
AT(hr_provider, n_settings, 96);
AT(hr_provider, settings_stride, 100);
AT(hr_provider, linux_scripts, 104);
AT(hr_provider, windows_scripts, 108);
AT(hr_provider, script_max, 112);
AT(hr_provider, script_encoded_max, 120);
AT(hr_provider, open, 128);
AT(hr_provider, close, 136);
AT(hr_provider, check, 144);
AT(hr_provider, create, 152);
AT(hr_provider, status, 160);
AT(hr_provider, list, 168);
AT(hr_provider, destroy, 176);
AT(hr_provider, inject, 184);
AT(hr_provider, discover, 192);
AT(hr_provider, start, 200);
AT(hr_provider, stop, 208);
AT(hr_provider, hosts, 216);
AT(hr_provider, n_hosts, 224);
AT(hr_provider, hosts_stride, 228);
AT(hr_provider, rate_per_minute, 232);
AT(hr_provider, rate_burst, 236);

SIZE(hr_clock_service, 24);
AT(hr_clock_service, size, 0);
AT(hr_clock_service, wall_ms, 8);
AT(hr_clock_service, monotonic_ms, 16);

SIZE(hr_crypto_service, 56);
AT(hr_crypto_service, size, 0);
AT(hr_crypto_service, sha256, 8);
AT(hr_crypto_service, hmac_sha256, 16);
AT(hr_crypto_service, rsa_sign, 24);
AT(hr_crypto_service, rsa_decrypt, 32);
AT(hr_crypto_service, base64_encode, 40);
AT(hr_crypto_service, base64_decode, 48);

SIZE(hr_http_header, 32);
AT(hr_http_header, name, 0);
AT(hr_http_header, value, 16);

SIZE(hr_http_request, 72);
AT(hr_http_request, size, 0);
AT(hr_http_request, flags, 4);
AT(hr_http_request, method, 8);
AT(hr_http_request, url, 24);
AT(hr_http_request, headers, 40);
AT(hr_http_request, n_headers, 48);
AT(hr_http_request, timeout_ms, 52);
AT(hr_http_request, body, 56);

SIZE(hr_http_response, 64);
AT(hr_http_response, size, 0);
AT(hr_http_response, status, 4);
AT(hr_http_response, headers, 8);
AT(hr_http_response, n_headers, 16);
AT(hr_http_response, reserved_0, 20);
AT(hr_http_response, body, 24);
AT(hr_http_response, request_id, 40);
AT(hr_http_response, retry_after_ms, 56);

SIZE(hr_http_service, 16);
AT(hr_http_service, size, 0);
AT(hr_http_service, perform, 8);

SIZE(hr_random_service, 16);
AT(hr_random_service, size, 0);
AT(hr_random_service, bytes, 8);

SIZE(hr_secret_service, 16);
AT(hr_secret_service, size, 0);
AT(hr_secret_service, get, 8);

SIZE(hr_log_service, 16);
AT(hr_log_service, size, 0);
AT(hr_log_service, write, 8);

SIZE(hr_process, 16);
AT(hr_process, pid, 0);
AT(hr_process, start_time, 8);

SIZE(hr_process_file, 24);
AT(hr_process_file, path, 0);
AT(hr_process_file, fd, 16);
AT(hr_process_file, writable, 20);

SIZE(hr_process_start, 72);
AT(hr_process_start, size, 0);
AT(hr_process_start, n_argv, 4);
AT(hr_process_start, argv, 8);
AT(hr_process_start, directory, 16);
AT(hr_process_start, files, 32);
AT(hr_process_start, n_files, 40);
AT(hr_process_start, flags, 44);
AT(hr_process_start, env, 48);
AT(hr_process_start, n_env, 56);
AT(hr_process_start, n_companions, 60);
AT(hr_process_start, companions, 64);

SIZE(hr_process_service, 32);
AT(hr_process_service, size, 0);
AT(hr_process_service, start, 8);
AT(hr_process_service, signal, 16);
AT(hr_process_service, probe, 24);

#endif
