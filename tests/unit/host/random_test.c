/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes: the same from the same seed, never the same without. */
#include "host/random.h"

#include <string.h>

#include "../base/suite.h"
#include "host/services.h"

static const uint8_t seed[SEED_SIZE] = {1, 2, 3};

START_TEST(seeded_bytes_repeat)
{
	uint8_t a[5000], b[5000];

	random_service_seed(seed);
	ck_assert_int_eq(random_service.bytes(a, sizeof(a)), HR_OK);
	random_service_seed(seed);
	ck_assert_int_eq(random_service.bytes(b, sizeof(b)), HR_OK);
	ck_assert_mem_eq(a, b, sizeof(a));
	ck_assert_int_eq(random_service.bytes(b, sizeof(b)), HR_OK);
	ck_assert_mem_ne(a, b, sizeof(a));
	ck_assert_mem_ne(a, a + 1024, 1024);
	random_service_seed(NULL);
	ck_assert_int_eq(random_service.bytes(b, sizeof(b)), HR_OK);
	ck_assert_mem_ne(a, b, sizeof(a));
}
END_TEST

START_TEST(other_seed_other_bytes)
{
	const uint8_t other[SEED_SIZE] = {1, 2, 4};
	uint8_t a[32], b[32];

	random_service_seed(seed);
	ck_assert_int_eq(random_service.bytes(a, sizeof(a)), HR_OK);
	random_service_seed(other);
	ck_assert_int_eq(random_service.bytes(b, sizeof(b)), HR_OK);
	ck_assert_mem_ne(a, b, sizeof(a));
}
END_TEST

START_TEST(system_bytes_differ)
{
	uint8_t a[4096], b[4096];

	ck_assert_int_eq(random_service.bytes(a, sizeof(a)), HR_OK);
	ck_assert_int_eq(random_service.bytes(b, sizeof(b)), HR_OK);
	ck_assert_mem_ne(a, b, sizeof(a));
	memcpy(b, a, sizeof(a));
	ck_assert_int_eq(random_service.bytes(a, 0), HR_OK);
	ck_assert_mem_eq(a, b, sizeof(a));
}
END_TEST

START_TEST(both_profiles_have_it)
{
	const struct hr_host *compute = services_host(HR_PROFILE_COMPUTE);
	const struct hr_host *local = services_host(HR_PROFILE_LOCAL);

	ck_assert_ptr_eq(compute->service(compute, "random/1"), &random_service);
	ck_assert_ptr_eq(local->service(local, "random/1"), &random_service);
	ck_assert_ptr_nonnull(compute->service(compute, "crypto/1"));
	ck_assert_ptr_nonnull(local->service(local, "crypto/1"));
	ck_assert_ptr_null(compute->service(compute, "random/2"));
}
END_TEST

SUITE_MAIN("random", seeded_bytes_repeat, other_seed_other_bytes, system_bytes_differ,
	   both_profiles_have_it)
