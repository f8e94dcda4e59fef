/* SPDX-License-Identifier: Apache-2.0 */
/* The SDK's forms of startup scripts, names and tasks. */
#include "sdk_host.h"

#include <string.h>

#include <headroom/sdk_script.h>
#include <zlib.h>

#define S hr_span_of

START_TEST(base64)
{
	/* RFC 4648, 10. */
	static const char *const vectors[][2] = {{"", ""},
						 {"f", "Zg=="},
						 {"fo", "Zm8="},
						 {"foo", "Zm9v"},
						 {"foob", "Zm9vYg=="},
						 {"fooba", "Zm9vYmE="},
						 {"foobar", "Zm9vYmFy"}};

	sdk_host_begin();
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		ck_assert_str_eq(hr_base64(&sdk_call, S(vectors[i][0])), vectors[i][1]);
	ck_assert_str_eq(hr_base64(&sdk_call, (struct hr_span){"\xff\0\xfe", 3}), "/wD+");
	sdk_host.allocs_left = 0;
	ck_assert_str_eq(hr_base64(&sdk_call, S("foo")), "");
	sdk_host_end();
}
END_TEST

/* What zlib itself makes of it again. */
static void unzip(struct hr_span zipped, char *buf, size_t size, size_t *ret_len)
{
	z_stream z = {0};

	ck_assert_int_eq(inflateInit2(&z, MAX_WBITS + 16), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)zipped.ptr;
	z.avail_in = (uInt)zipped.len;
	z.next_out = (Bytef *)buf;
	z.avail_out = (uInt)size;
	ck_assert_int_eq(inflate(&z, Z_FINISH), Z_STREAM_END);
	*ret_len = z.total_out;
	inflateEnd(&z);
}

START_TEST(gzip)
{
	static char text[60000], again[60000];
	struct hr_span first, second;
	size_t len;

	sdk_host_begin();
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "#!/bin/sh\necho a line of a script\n"[i % 33];
	first = hr_gzip(&sdk_call, (struct hr_span){text, sizeof(text)});
	ck_assert_uint_gt(first.len, 20);
	ck_assert_uint_lt(first.len, 1000);
	unzip(first, again, sizeof(again), &len);
	ck_assert_uint_eq(len, sizeof(text));
	ck_assert_mem_eq(again, text, len);
	second = hr_gzip(&sdk_call, (struct hr_span){text, sizeof(text)});
	ck_assert_uint_eq(second.len, first.len);
	ck_assert_mem_eq(second.ptr, first.ptr, first.len);
	ck_assert_mem_eq(first.ptr, "\x1f\x8b\x08\0\0\0\0\0", 8); /* no name, no time */
	unzip(hr_gzip(&sdk_call, S("")), again, sizeof(again), &len);
	ck_assert_uint_eq(len, 0);
	for (int64_t k = 0; k < 3; k++) {
		sdk_host.allocs_left = k;
		ck_assert_uint_eq(hr_gzip(&sdk_call, S("x")).len, 0);
	}
	sdk_host_end();
}
END_TEST

START_TEST(cloud_init)
{
	const struct hr_part parts[] = {
		{HR_PART_CONFIG, "a.yaml", S("#cloud-config\npackages: [x]\n")},
		{HR_PART_SCRIPT, "b.sh", S("#!/bin/sh\necho headroom-part \xc3\xa4\n")}};

	sdk_host_begin();
	ck_assert_str_eq(hr_cloud_init(&sdk_call, parts, 2),
			 "Content-Type: multipart/mixed; boundary=\"headroom-part-1\"\n"
			 "MIME-Version: 1.0\n\n"
			 "--headroom-part-1\n"
			 "Content-Type: text/cloud-config; charset=\"utf-8\"\n"
			 "MIME-Version: 1.0\n"
			 "Content-Transfer-Encoding: 7bit\n"
			 "Content-Disposition: attachment; filename=\"a.yaml\"\n\n"
			 "#cloud-config\npackages: [x]\n\n"
			 "--headroom-part-1\n"
			 "Content-Type: text/x-shellscript; charset=\"utf-8\"\n"
			 "MIME-Version: 1.0\n"
			 "Content-Transfer-Encoding: base64\n"
			 "Content-Disposition: attachment; filename=\"b.sh\"\n\n"
			 "IyEvYmluL3NoCmVjaG8gaGVhZHJvb20tcGFydCDDpAo=\n"
			 "--headroom-part-1--\n");
	sdk_host.allocs_left = 0;
	ck_assert_str_eq(hr_cloud_init(&sdk_call, parts, 2), "");
	ck_assert(sdk_host.spent);
	sdk_host_end();
}
END_TEST

START_TEST(windows)
{
	sdk_host_begin();
	ck_assert_str_eq(hr_ec2launch(&sdk_call, S("Get-Date"), 0),
			 "<powershell>\r\nGet-Date\r\n</powershell>\r\n");
	ck_assert_str_eq(hr_ec2launch(&sdk_call, S("a"), HR_EC2_EACH_BOOT | HR_EC2_DETACH),
			 "<powershell>\r\na\r\n</powershell>\r\n<persist>true</persist>\r\n"
			 "<detach>true</detach>\r\n");
	ck_assert_str_eq(hr_ec2launch(&sdk_call, S("<powershell>a</powershell>"), 0),
			 "<powershell>a</powershell>");
	ck_assert_str_eq(hr_ec2launch(&sdk_call, S("version: 1.1\n"), 0), "version: 1.1\n");
	ck_assert_str_eq(hr_cloudbase(&sdk_call, S("Get-Date")), "#ps1_sysnative\r\nGet-Date");
	ck_assert_str_eq(hr_cloudbase(&sdk_call, S("#ps1_x86\na")), "#ps1_x86\na");
	ck_assert_str_eq(hr_cloudbase(&sdk_call, S("rem cmd\na")), "rem cmd\na");
	sdk_host_end();
}
END_TEST

START_TEST(names)
{
	char longest[64];
	const char *one, *other;

	sdk_host_begin();
	ck_assert_str_eq(hr_name_fit(&sdk_call, S("desk-1"), 20, "-"), "desk-1");
	one = hr_name_fit(&sdk_call, S("desk-1"), 20, "");
	ck_assert_uint_le(strlen(one), 20);
	ck_assert_ptr_null(strchr(one, '-'));
	ck_assert_str_eq(hr_name_fit(&sdk_call, S("desk-1"), 20, ""), one);
	memset(longest, 'a', 63);
	longest[63] = '\0';
	one = hr_name_fit(&sdk_call, S(longest), 40, "-");
	longest[62] = 'b';
	other = hr_name_fit(&sdk_call, S(longest), 40, "-");
	ck_assert_uint_eq(strlen(one), 40);
	ck_assert_str_ne(one, other);
	ck_assert_int_eq(one[27], '-');
	one = hr_name_fit(&sdk_call, S("9Lives!"), 63, "-");
	ck_assert_int_eq(strncmp(one, "hlives--", 8), 0);
	ck_assert_uint_eq(strlen(one), 20);
	ck_assert_uint_le(strlen(hr_name_fit(&sdk_call, S(""), 14, "-")), 14);
	sdk_host_end();
}
END_TEST

START_TEST(tasks)
{
	struct hr_step step = {.size = sizeof(step)};
	char token[64];
	int64_t last = 0;

	sdk_host_begin();
	ck_assert_uint_eq(hr_task_id(&step, "clone").len, 0);
	for (int i = 0; i < 12; i++) {
		ck_assert_int_eq(hr_task_again(&sdk_call, &step, "clone", S("t/7"), 40, "cloning"),
				 HR_AGAIN);
		ck_assert_int_ge(sdk_host.delay_ms, last);
		ck_assert_int_le(sdk_host.delay_ms, 15000);
		ck_assert_int_eq(sdk_host.percent, 40);
		last = sdk_host.delay_ms;
		snprintf(token, sizeof(token), "%s", sdk_host.token);
		step.resume_token = S(token);
		ck_assert(hr_span_is(hr_task_id(&step, "clone"), "t/7"));
		ck_assert_uint_eq(hr_task_id(&step, "clo").len, 0);
		ck_assert_uint_eq(hr_task_id(&step, "start").len, 0);
	}
	ck_assert_int_eq(last, 15000);
	/* The next part's task begins anew. */
	hr_task_again(&sdk_call, &step, "start", S("t/8"), -1, "starting");
	ck_assert_str_eq(sdk_host.token, "start/0/t/8");
	ck_assert_int_eq(sdk_host.delay_ms, 500);
	sdk_host_end();
}
END_TEST

SUITE_MAIN("sdk scripts", base64, gzip, cloud_init, windows, names, tasks)
