/*-------------------------------------------------------------------------
 * phone_words.c
 *	  Words and digits that stand in a telephone-number field in place of a
 *	  number.
 *
 * People type them, networks insert them, and spreadsheets and data frames
 * leave them.  Many different people have the same one.
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/identity/phone.h"
#include "core/text.h"

#define lengthof(array) (sizeof(array) / sizeof((array)[0]))

/* ----------------------------------------------------------------- words */

typedef struct Phrase
{
	const char *words;
	PhoneKind kind;
} Phrase;

/* One of these anywhere decides, the first in this order. */
static const Phrase telling[] = {
	{"payphone", PHONE_PAYPHONE},
	{"pay phone", PHONE_PAYPHONE},
	{"payfone", PHONE_PAYPHONE},
	{"coin phone", PHONE_PAYPHONE},
	{"coinphone", PHONE_PAYPHONE},
	{"coin box", PHONE_PAYPHONE},
	{"coinbox", PHONE_PAYPHONE},
	{"public phone", PHONE_PAYPHONE},
	{"public telephone", PHONE_PAYPHONE},
	{"public call office", PHONE_PAYPHONE},
	{"phonebox", PHONE_PAYPHONE},
	{"phone box", PHONE_PAYPHONE},
	{"telephone box", PHONE_PAYPHONE},
	{"callbox", PHONE_PAYPHONE},
	{"call box", PHONE_PAYPHONE},
	{"kiosk", PHONE_PAYPHONE},
	{"emergency roaming", PHONE_EMERGENCY_ROAMING},
	{"roaming", PHONE_EMERGENCY_ROAMING},
	{"limited service", PHONE_EMERGENCY_ROAMING},
	{"withheld", PHONE_WITHHELD},
	{"with held", PHONE_WITHHELD},
	{"witheld", PHONE_WITHHELD},
	{"witheald", PHONE_WITHHELD},
	{"withheald", PHONE_WITHHELD},
	{"withhled", PHONE_WITHHELD},
	{"witthheld", PHONE_WITHHELD},
	{"whitheld", PHONE_WITHHELD},
	{"whithheld", PHONE_WITHHELD},
	{"wihheld", PHONE_WITHHELD},
	{"withhold", PHONE_WITHHELD},
	{"withold", PHONE_WITHHELD},
	{"withholding", PHONE_WITHHELD},
	{"witholding", PHONE_WITHHELD},
	{"anonymous", PHONE_WITHHELD},
	{"annonymous", PHONE_WITHHELD},
	{"anonymus", PHONE_WITHHELD},
	{"anonomous", PHONE_WITHHELD},
	{"anonamous", PHONE_WITHHELD},
	{"anon", PHONE_WITHHELD},
	{"private", PHONE_WITHHELD},
	{"privte", PHONE_WITHHELD},
	{"restricted", PHONE_WITHHELD},
	{"resticted", PHONE_WITHHELD},
	{"blocked", PHONE_WITHHELD},
	{"barred", PHONE_WITHHELD},
	{"hidden", PHONE_WITHHELD},
	{"suppressed", PHONE_WITHHELD},
	{"supressed", PHONE_WITHHELD},
	{"clir", PHONE_WITHHELD},
	{"ex directory", PHONE_WITHHELD},
	{"exdirectory", PHONE_WITHHELD},
	{"refused", PHONE_WITHHELD},
	{"declined", PHONE_WITHHELD},
	{"unavailable", PHONE_UNAVAILABLE},
	{"unavailble", PHONE_UNAVAILABLE},
	{"unavailible", PHONE_UNAVAILABLE},
	{"unavaliable", PHONE_UNAVAILABLE},
	{"unavalable", PHONE_UNAVAILABLE},
	{"unavail", PHONE_UNAVAILABLE},
	{"unknown", PHONE_UNAVAILABLE},
	{"unkown", PHONE_UNAVAILABLE},
	{"unknow", PHONE_UNAVAILABLE},
	{"uknown", PHONE_UNAVAILABLE},
	{"unknwon", PHONE_UNAVAILABLE},
	{"unknon", PHONE_UNAVAILABLE},
	{"unidentified", PHONE_UNAVAILABLE},
	{"unidentifiable", PHONE_UNAVAILABLE},
	{"unobtainable", PHONE_UNAVAILABLE},
	{"unlisted", PHONE_UNAVAILABLE},
	{"out of area", PHONE_UNAVAILABLE},
	{"not available", PHONE_UNAVAILABLE},
	{"not avail", PHONE_UNAVAILABLE},
	{"not presented", PHONE_UNAVAILABLE},
	{"not displayed", PHONE_UNAVAILABLE},
	{"not shown", PHONE_UNAVAILABLE},
	{"not recorded", PHONE_UNAVAILABLE},
	{"not supplied", PHONE_UNAVAILABLE},
	{"not provided", PHONE_UNAVAILABLE},
	{"not received", PHONE_UNAVAILABLE},
	{"not obtained", PHONE_UNAVAILABLE},
	{"not disclosed", PHONE_UNAVAILABLE},
	{"not applicable", PHONE_UNAVAILABLE},
	{"not known", PHONE_UNAVAILABLE}};

/* These only if there is nothing else; also what spreadsheets and data frames leave. */
static const Phrase whole[] = {
	{"w h", PHONE_WITHHELD},
	{"wh", PHONE_WITHHELD},
	{"w held", PHONE_WITHHELD},
	{"wheld", PHONE_WITHHELD},
	{"priv", PHONE_WITHHELD},
	{"no id", PHONE_WITHHELD},
	{"no caller id", PHONE_WITHHELD},
	{"no callerid", PHONE_WITHHELD},
	{"n a", PHONE_UNAVAILABLE},
	{"na", PHONE_UNAVAILABLE},
	{"n k", PHONE_UNAVAILABLE},
	{"nk", PHONE_UNAVAILABLE},
	{"n", PHONE_UNAVAILABLE}, /* \N of a dump */
	{"u k", PHONE_UNAVAILABLE},
	{"u known", PHONE_UNAVAILABLE},
	{"unk", PHONE_UNAVAILABLE},
	{"ukn", PHONE_UNAVAILABLE},
	{"n g", PHONE_UNAVAILABLE},
	{"nfi", PHONE_UNAVAILABLE},
	{"ooa", PHONE_UNAVAILABLE},
	{"nil", PHONE_UNAVAILABLE},
	{"none", PHONE_UNAVAILABLE},
	{"none given", PHONE_UNAVAILABLE},
	{"none provided", PHONE_UNAVAILABLE},
	{"none known", PHONE_UNAVAILABLE},
	{"not given", PHONE_UNAVAILABLE},
	{"not stated", PHONE_UNAVAILABLE},
	{"not know", PHONE_UNAVAILABLE},
	{"no cli", PHONE_UNAVAILABLE},
	{"nocli", PHONE_UNAVAILABLE},
	{"no cli presented", PHONE_UNAVAILABLE},
	{"no cli received", PHONE_UNAVAILABLE},
	{"no cli given", PHONE_UNAVAILABLE},
	{"no number", PHONE_UNAVAILABLE},
	{"no number given", PHONE_UNAVAILABLE},
	{"no number presented", PHONE_UNAVAILABLE},
	{"no phone", PHONE_UNAVAILABLE},
	{"no phone number", PHONE_UNAVAILABLE},
	{"no telephone", PHONE_UNAVAILABLE},
	{"no tel", PHONE_UNAVAILABLE},
	{"no tel no", PHONE_UNAVAILABLE},
	{"no mobile", PHONE_UNAVAILABLE},
	{"no contact number", PHONE_UNAVAILABLE},
	{"no details", PHONE_UNAVAILABLE},
	{"no data", PHONE_UNAVAILABLE},
	{"no value", PHONE_UNAVAILABLE},
	{"no answer", PHONE_UNAVAILABLE},
	{"tbc", PHONE_UNAVAILABLE},
	{"tba", PHONE_UNAVAILABLE},
	{"null", PHONE_UNAVAILABLE},
	{"nan", PHONE_UNAVAILABLE},
	{"nat", PHONE_UNAVAILABLE},
	{"inf", PHONE_UNAVAILABLE},
	{"undefined", PHONE_UNAVAILABLE},
	{"missing", PHONE_UNAVAILABLE},
	{"blank", PHONE_UNAVAILABLE},
	{"empty", PHONE_UNAVAILABLE},
	{"default", PHONE_UNAVAILABLE},
	{"error", PHONE_UNAVAILABLE},
	{"ref", PHONE_UNAVAILABLE},
	{"value", PHONE_UNAVAILABLE},
	{"name", PHONE_UNAVAILABLE},
	{"num", PHONE_UNAVAILABLE},
	{"div", PHONE_UNAVAILABLE},
	{"spill", PHONE_UNAVAILABLE},
	{"calc", PHONE_UNAVAILABLE},
	{"getting data", PHONE_UNAVAILABLE},
	{"x", PHONE_UNAVAILABLE},
	{"xx", PHONE_UNAVAILABLE},
	{"xxx", PHONE_UNAVAILABLE},
	{"xxxx", PHONE_UNAVAILABLE},
	{"xxxxx", PHONE_UNAVAILABLE},
	{"xxxxxxxxxxx", PHONE_UNAVAILABLE}};

/* " n a " from "n/a": the runs of letters, each between single blanks. */
static void
list_words(const char *text, char *out)
{
	*out++ = ' ';
	while (*text != '\0')
	{
		if (!is_lower(*text))
		{
			text++;
			continue;
		}
		while (is_lower(*text))
			*out++ = *text++;
		*out++ = ' ';
	}
	*out = '\0';
}

static bool
contains_phrase(const char *words, const char *phrase)
{
	size_t len = strlen(phrase);
	const char *found = words;

	while ((found = strstr(found + 1, phrase)) != NULL)
		if (found[-1] == ' ' && found[len] == ' ')
			return true;
	return false;
}

static bool
is_phrase(const char *words, const char *phrase)
{
	size_t len = strlen(phrase);

	return strlen(words) == len + 2 && strncmp(words + 1, phrase, len) == 0;
}

/*
 * phone_kind_of_words
 *	  The kind that the words in a folded text mean; false if they mean none.
 */
bool
phone_kind_of_words(const char *folded, PhoneKind *kind)
{
	char words[PHONE_MAX_TEXT * 2 + 2];

	list_words(folded, words);
	for (size_t i = 0; i < lengthof(telling); i++)
	{
		if (contains_phrase(words, telling[i].words))
		{
			*kind = telling[i].kind;
			return true;
		}
	}
	/* "x 12345" is an extension, "ref 1" a reference */
	for (size_t i = 0; i < lengthof(whole) && strpbrk(folded, "123456789") == NULL; i++)
	{
		if (is_phrase(words, whole[i].words))
		{
			*kind = whole[i].kind;
			return true;
		}
	}
	return false;
}

/* ---------------------------------------------------------------- digits */

/*
 * phone_spells_word Whether digits spell a word on the keys of a telephone,
 * which Twilio and others send in place of a number; also after the 1 of North
 * America.
 */
bool
phone_spells_word(const char *digits, PhoneKind *kind)
{
	static const Phrase words[] = {
		{"266696687", PHONE_WITHHELD}, /* anonymous */
		{"7378742833", PHONE_WITHHELD}, /* restricted */
		{"2562533", PHONE_WITHHELD}, /* blocked */
		{"7748283", PHONE_WITHHELD}, /* private */
		{"94844353", PHONE_WITHHELD}, /* withheld */
		{"86282452253", PHONE_UNAVAILABLE}, /* unavailable */
		{"8656696", PHONE_UNAVAILABLE}, /* unknown */
		{"688632732", PHONE_UNAVAILABLE}, /* out of area */
		{"668282452253", PHONE_UNAVAILABLE}, /* not available */
		{"6622553743", PHONE_UNAVAILABLE} /* no caller id */
	};

	if (digits[0] == '0')
		return false;
	for (size_t i = 0; i < lengthof(words); i++)
	{
		if (strcmp(digits + (digits[0] == '1'), words[i].words) == 0)
		{
			*kind = words[i].kind;
			return true;
		}
	}
	return false;
}

/* phone_is_one_digit: 1111111111, or one digit alone */
bool
phone_is_one_digit(const char *digits)
{
	if (digits[0] != '\0' && digits[1] != '\0' && digits[0] != digits[1])
		return false;
	return strspn(digits, (const char[2]){digits[0], '\0'}) == strlen(digits);
}

/*
 * How many digits at the end continue the pattern of the last two: each is
 * step more than the one before, and 0 comes after 9.
 */
static size_t
run_at_end(const char *digits, size_t len, int step)
{
	size_t run = 1;

	while (run < len && (digits[len - run] - digits[len - run - 1] - step) % 10 == 0)
		run++;
	return run;
}

/* How many digits at the end repeat the period before them. */
static size_t
repeats_at_end(const char *digits, size_t len, size_t period)
{
	size_t run = period;

	while (run < len && digits[len - run - 1] == digits[len - run - 1 + period])
		run++;
	return run;
}

static bool
ends_with(const char *digits, const char *end)
{
	size_t len = strlen(digits);
	size_t end_len = strlen(end);

	return len >= end_len && strcmp(digits + len - end_len, end) == 0;
}

/*
 * phone_is_filler Whether digits are what people type to get past a field: one
 * digit repeated, a row up or down, a code and then zeros.  They are those of
 * a national number of +44, or of one with its country's code.
 *
 * The numbers that Ofcom sets aside for drama are not fillers, and neither are
 * lines of six equal digits, which taxis have.
 */
bool
phone_is_filler(const char *digits, bool is_uk)
{
	const size_t up_or_down = is_uk ? 7 : 9;
	size_t len = strlen(digits);

	if (phone_is_one_digit(digits) ||
		run_at_end(digits, len, 1) >= up_or_down || run_at_end(digits, len, -1) >= up_or_down ||
		run_at_end(digits, len, 0) >= 8 ||
		repeats_at_end(digits, len, 2) >= 9 || repeats_at_end(digits, len, 3) >= 9)
		return true;
	if (ends_with(digits, "0000000"))
		return true;

	/*
	 * Six digits after 07 and three more, or after the code of a place: local
	 * numbers there do not begin with 0 or 1.  Those of the large cities
	 * (011x, 01x1, 02x) have more digits, so such an ending is nothing
	 * special.
	 */
	if (!is_uk || !(digits[0] == '7' || (digits[0] == '1' && digits[1] != '1' && digits[2] != '1')))
		return false;
	return ends_with(digits, "000000") || ends_with(digits, "123456") || (digits[0] == '7' && ends_with(digits, "654321"));
}
