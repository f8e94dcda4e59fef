/* SPDX-License-Identifier: Apache-2.0 */
/* All types of the interface, reachable from exported symbols: what abidw dumps and abidiff compares. It is never
 * run. */
#define HR_BUILDS_MODULE
#include "headers.h"

HR_EXPORT const struct hr_provider HR_PROVIDER_SYMBOL = {HR_PROVIDER_HEADER};

/* The services that a module asks for by name. */
HR_EXPORT void interface_services(const struct hr_clock_service *clock,
				  const struct hr_crypto_service *crypto,
				  const struct hr_http_service *http,
				  const struct hr_log_service *log,
				  const struct hr_process_service *process,
				  const struct hr_random_service *random,
				  const struct hr_secret_service *secret);
void interface_services(const struct hr_clock_service *clock,
			const struct hr_crypto_service *crypto, const struct hr_http_service *http,
			const struct hr_log_service *log, const struct hr_process_service *process,
			const struct hr_random_service *random,
			const struct hr_secret_service *secret)
{
	(void)clock, (void)crypto, (void)http, (void)log, (void)process, (void)random, (void)secret;
}
