/*-------------------------------------------------------------------------
 * fuzz_phone.c
 *	  libFuzzer target of the telephone-number reader, with libphonenumber
 *	  behind it and outside the server.
 *
 * The first byte of the input chooses the region, the rest is the text.
 * Besides what the sanitizers see: a kind has a number or has none; a number
 * is E.164 and is read the same again; what phone_text.c settles for +44 on its
 * own is what libphonenumber makes of the same digits; and a field lies where
 * its number does.
 *-------------------------------------------------------------------------
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/identity/phone.h"

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
check_number(const PhoneNumber *number, const char *region)
{
	size_t len = strlen(number->e164);
	PhoneNumber again;

	MUST((number->kind < PHONE_PAYPHONE) == (len > 0));
	MUST(phone_kind_name(number->kind) != NULL);
	if (len == 0)
		return;
	MUST(number->e164[0] == '+' && number->e164[1] != '0');
	MUST(strspn(number->e164 + 1, "0123456789") == len - 1);

	MUST(phone_classify(number->e164, len, region, &again) == PHONE_OK);
	MUST(strcmp(again.e164, number->e164) == 0);
	MUST(again.kind == number->kind);
}

/* What is read as a slip, or dialled before a number: not by the library */
static bool
is_slip_or_prefix(const char *dialled)
{
	static const char *const begins[] = {"1410", "14700", "18001", "18002", "044", "+0", "90"};

	if (strncmp(dialled, "00", 2) == 0)
		return strncmp(dialled, "0044", 4) != 0;
	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (strncmp(dialled, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

/* For a text of nothing but digits */
static void
compare_with_library(const char *raw, size_t len, const PhoneNumber *ours)
{
	char dialled[PHONE_MAX_TEXT + 1];
	PhoneParsed theirs;

	if (len > PHONE_MAX_TEXT || strncmp(ours->e164, "+44", 3) != 0)
		return;
	memcpy(dialled, raw, len);
	dialled[len] = '\0';
	if (strspn(dialled + (dialled[0] == '+'), "0123456789") != len - (dialled[0] == '+') || is_slip_or_prefix(dialled))
		return;

	MUST(phone_library_parse(dialled, "GB", &theirs) == PHONE_OK);
	MUST(theirs.parsed);
	MUST(strcmp(theirs.e164, ours->e164) == 0);
}

/* A shorter number's last digits may reach into its country's code */
#define LONG_ENOUGH (PHONE_TAIL_DIGITS + 3)

static void
check_place(const char *raw, size_t len, const PhoneNumber *number, bool is_home)
{
	PhonePlace place = {0, 0};
	PhonePlace of_number = {0, 0};
	bool is_uk = strncmp(number->e164, "+44", 3) == 0;
	bool found = phone_place(raw, len, &place);

	MUST(place.tail < PHONE_TAIL_LIMIT && place.head < 10000);
	if (number->e164[0] == '\0')
	{
		MUST(!is_home || place.head == 0);
		return;
	}
	MUST(found);
	MUST(phone_place(number->e164, strlen(number->e164), &of_number));
	MUST((of_number.head != 0) == is_uk);
	if (strlen(number->e164 + 1) >= LONG_ENOUGH)
		MUST(place.tail == of_number.tail);
	if (is_home)
		MUST(place.head == of_number.head);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const regions[] = {"GB", "FR", "US", "IT", "IM", "MX"};
	const char *raw = (const char *) data + 1;
	const char *region;
	PhoneNumber number;

	if (size == 0)
		return 0;
	region = regions[data[0] % (sizeof(regions) / sizeof(regions[0]))];
	MUST(phone_classify(raw, size - 1, region, &number) == PHONE_OK);
	check_number(&number, region);
	check_place(raw, size - 1, &number, phone_is_home(region));
	if (strcmp(region, "GB") == 0)
		compare_with_library(raw, size - 1, &number);
	return 0;
}
