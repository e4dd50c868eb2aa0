/*-------------------------------------------------------------------------
 * fuzz_aml.c
 *	  libFuzzer target of the AML parser, alone and outside the server.
 *
 * Besides what the sanitizers see, whatever is accepted must be in range,
 * and must be read the same again with an unknown key behind it.
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/identity/aml.h"

#define MUST(condition) \
	do \
	{ \
		if (!(condition)) \
		{ \
			fprintf(stderr, "not so: %s\n", #condition); \
			abort(); \
		} \
	} while (0)

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_digits(const char *text, size_t least, size_t most)
{
	size_t len = strlen(text);

	MUST(strspn(text, "0123456789") == len);
	MUST(len == 0 || (len >= least && len <= most));
}

static void
check_message(const AmlMessage *m)
{
	if (m->has_location)
	{
		MUST(m->latitude >= -90 && m->latitude <= 90);
		MUST(m->longitude >= -180 && m->longitude <= 180);
		MUST(m->latitude != 0 || m->longitude != 0);
	}
	if (m->has_radius)
		MUST(m->has_location && m->radius_m >= 0 && m->radius_m <= 1e15);
	if (m->has_time) /* years 1 to 9999 */
		MUST(m->positioned_at >= INT64_C(-62135596800) && m->positioned_at <= INT64_C(253402300799));
	MUST(m->confidence >= -1 && m->confidence <= 100);
	MUST(m->method == NULL || strlen(m->method) <= 7);
	check_digits(m->imei, 14, 16);
	check_digits(m->imsi_prefix, 6, 6);
	check_digits(m->mcc, 3, 3);
	check_digits(m->mnc, 2, 3);
}

static void
check_again_with_unknown_key(const char *text, size_t len, const AmlMessage *expected)
{
	static const char suffix[] = ";unknown=1";
	char *longer = malloc(len + sizeof(suffix));
	AmlMessage message;
	AmlProblem problem;

	memcpy(longer, text, len);
	memcpy(longer + len, suffix, sizeof(suffix));
	if (aml_parse(longer, len + strlen(suffix), &message, &problem))
		MUST(memcmp(&message, expected, sizeof(message)) == 0);
	free(longer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AmlMessage message;
	AmlProblem problem = {NULL, NULL};

	if (aml_parse((const char *) data, size, &message, &problem))
	{
		check_message(&message);
		check_again_with_unknown_key((const char *) data, size, &message);
	}
	else
		MUST(problem.expected != NULL);
	return 0;
}
