/*-------------------------------------------------------------------------
 * test_phone.c
 *	  Numbers of +44 put together from parts: each spelling is read as the number
 *	  that it was made of, and lies where that does and no other.
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/identity/phone.h"
#include "unit.h"

#define NATIONAL_DIGITS 10

static const char *
one_of(const char *const *texts, size_t n)
{
	return texts[unit_below(n)];
}

#define ONE_OF(texts) one_of(texts, lengthof(texts))

/* Ten digits that begin as a number in the plan does, and are no filler */
static void
make_national(char *national)
{
	static const char first[] = "1235789";

	do
	{
		national[0] = first[unit_below(sizeof(first) - 1)];
		for (int i = 1; i < NATIONAL_DIGITS; i++)
			national[i] = (char) ('0' + unit_below(10));
		national[NATIONAL_DIGITS] = '\0';
	} while (phone_is_filler(national, true) || strncmp(national, "8979", 4) == 0);
}

static void
make_spelling(const char *national, char *out)
{
	static const char *const prefixes[] = {"0", "+44", "+44 ", "0044", "+44 (0)", "0044 (0)", "141 0", "1470 0", "18001 0", "#31#0", "9 0",
										   "+0", "0+44", "Tel: 0", "tel:+44", "sip:+44", "sips:0", "sip:%2B44", "<sip:+44", "\"Kelia\" <sip:0"};
	static const char *const separators[] = {" ", "-", ".", "", "", "", "\xc2\xa0", "\xe2\x80\x93", ")", "_"};
	static const char *const suffixes[] = {"", "", " ext 12", "x7", " (mob)", " home", ",", ";", "@10.0.0.5", "@host9:5060"};
	const char *prefix = ONE_OF(prefixes);
	int separated = (int) unit_below(4);

	strcpy(out, prefix);
	for (const char *digit = national; *digit != '\0'; digit++)
	{
		/* a dot before the last zeros is a decimal one */
		if (digit > national && digit < national + NATIONAL_DIGITS - 2 && separated > 0 && unit_below(3) == 0)
		{
			strcat(out, ONE_OF(separators));
			separated--;
		}
		strncat(out, digit, 1);
	}
	if (strchr(prefix, '<') != NULL)
		strcat(out, unit_below(2) == 0 ? "@10.0.0.5>" : "@host:5060>;tag=9");
	else if (strchr(prefix, ':') != NULL && prefix[0] != 'T')
		strcat(out, unit_below(2) == 0 ? "@10.0.0.5;user=phone" : ";ext=3");
	else
		strcat(out, ONE_OF(suffixes));
}

static void
check_spelling(const char *national, const char *spelling)
{
	char e164[PHONE_E164_SIZE] = "+44";
	PhoneNumber number;
	PhonePlace place;
	PhonePlace expected;

	strcat(e164, national);
	MUST(phone_classify(spelling, strlen(spelling), "GB", &number) == PHONE_OK);
	if (strcmp(number.e164, e164) != 0)
		fprintf(stderr, "%s is %s, not %s\n", spelling, number.e164, e164);
	MUST(strcmp(number.e164, e164) == 0);
	MUST(phone_place(spelling, strlen(spelling), &place) && phone_place(e164, strlen(e164), &expected));
	MUST(place.tail == expected.tail && place.head == expected.head && place.head != 0);
	/* both together are the number */
	MUST(place.head * UINT64_C(1000000) + place.tail == strtoull(national, NULL, 10));
}

static void
test_spellings(void)
{
	for (int round = 0; round < 200000; round++)
	{
		char national[NATIONAL_DIGITS + 1];
		char spelling[PHONE_MAX_TEXT];

		make_national(national);
		make_spelling(national, spelling);
		check_spelling(national, spelling);
	}
}

/* What is no number in the region lies nowhere, or beside those of +44 */
static void
test_others(void)
{
	static const char *const nowhere[] = {"", "-", "Withheld", "7378742833", "07700 900123 / 07700 900456", "kelia@example.com"};
	static const char *const beside[] = {"+33 6 39 98 00 12", "01234567890", "999"};
	PhonePlace place;

	for (size_t i = 0; i < lengthof(nowhere); i++)
		MUST(!phone_place(nowhere[i], strlen(nowhere[i]), &place));
	for (size_t i = 0; i < lengthof(beside); i++)
		MUST(phone_place(beside[i], strlen(beside[i]), &place) && place.head == 0);
}

int
main(void)
{
	test_spellings();
	test_others();
	return 0;
}
