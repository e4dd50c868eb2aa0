/*-------------------------------------------------------------------------
 * phone_text.c
 *	  From what stands in a telephone-number field to a kind and a number.
 *
 * Such a field holds what a network sent, what a handler typed, or what a
 * spreadsheet made of either.  The text is folded to ASCII, words that say
 * "no number" are recognised, and the digits are taken out.  libphonenumber
 * never sees anything but digits and a leading '+'.
 *
 * Numbers of +44 are judged here, by length and leading digits, and not by
 * the library: it refuses ranges that no provider holds (so all that Ofcom
 * sets aside for drama), its lists age, and the answers of an immutable
 * function must not change with its version.  It also takes a hundred times as
 * long.
 *-------------------------------------------------------------------------
 */
#include <stdint.h>
#include <string.h>

#include "phone.h"

#define lengthof(array) (sizeof(array) / sizeof((array)[0]))

/* More digits than any way to dial an E.164 number has */
#define MAX_TYPED_DIGITS 24

/* Folded text is digits, lower-case letters, '+', '#', '*', ':' and these */
#define SEPARATOR ' '
#define NOT_IN_NUMBERS '?'

typedef struct Typed
{
	char digits[MAX_TYPED_DIGITS + 1];
	size_t ndigits;
	bool plus;
} Typed;

const char *
phone_kind_name(PhoneKind kind)
{
	static const char *const names[] = {
		[PHONE_MOBILE] = "mobile",
		[PHONE_FIXED] = "fixed",
		[PHONE_FIXED_OR_MOBILE] = "fixed_or_mobile",
		[PHONE_VOIP] = "voip",
		[PHONE_FREEPHONE] = "freephone",
		[PHONE_PREMIUM] = "premium",
		[PHONE_SHARED_COST] = "shared_cost",
		[PHONE_PERSONAL] = "personal",
		[PHONE_PAGER] = "pager",
		[PHONE_UAN] = "uan",
		[PHONE_INTERNATIONAL] = "international",
		[PHONE_PAYPHONE] = "payphone",
		[PHONE_WITHHELD] = "withheld",
		[PHONE_UNAVAILABLE] = "unavailable",
		[PHONE_EMERGENCY_ROAMING] = "emergency_roaming",
		[PHONE_INSERTED_08979] = "inserted_08979",
		[PHONE_SHORT_CODE] = "short_code",
		[PHONE_MALFORMED] = "malformed"};

	return names[kind];
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

static bool
starts_with(const char *text, const char *prefix)
{
	while (*prefix != '\0')
	{
		if (*text++ != *prefix++)
			return false;
	}
	return true;
}

/* ------------------------------ folding -------------------------------- */

/* Blanks, and the marks with which a spreadsheet keeps a number a text */
static bool
is_wrapping(char c)
{
	return c != '\0' && strchr(" \t\r\n\v\f'\"`=", c) != NULL;
}

static void
trim(const char **text, size_t *len)
{
	while (*len > 0 && is_wrapping(**text))
	{
		(*text)++;
		(*len)--;
	}
	while (*len > 0 && is_wrapping((*text)[*len - 1]))
		(*len)--;
}

static bool
starts_with_scheme(const char *text, size_t len, const char *scheme)
{
	size_t i;

	for (i = 0; scheme[i] != '\0'; i++)
		if (i >= len || lower(text[i]) != scheme[i])
			return false;
	return true;
}

/* sip:+44…@host;user=phone and tel:+44…;ext=12: the part that is the number */
static void
unwrap_uri(const char **text, size_t *len)
{
	static const char *const schemes[] = {"sip:", "sips:", "tel:"};
	size_t i;

	for (i = 0; i < lengthof(schemes); i++)
	{
		if (!starts_with_scheme(*text, *len, schemes[i]))
			continue;
		*text += strlen(schemes[i]);
		*len -= strlen(schemes[i]);
		for (i = 0; i < *len; i++)
			if ((*text)[i] == '@' || (*text)[i] == ';')
				*len = i;
		return;
	}
}

/* 7700900123.0, as a spreadsheet or data frame exports a column with gaps */
static void
drop_decimal_zero(const char *text, size_t *len)
{
	size_t i;

	if (*len < 3 || text[*len - 2] != '.' || text[*len - 1] != '0')
		return;
	for (i = 0; i < *len - 2; i++)
		if (!is_digit(text[i]))
			return;
	*len -= 2;
}

/*
 * One character of UTF-8, of at most three bytes (all that matter here are
 * that short).  Returns its length, 0 when the bytes are none.
 */
static size_t
decode(const unsigned char *s, size_t len, uint32_t *code)
{
	if (len >= 2 && s[0] >= 0xC2 && s[0] <= 0xDF && (s[1] & 0xC0) == 0x80)
	{
		*code = (uint32_t) (s[0] & 0x1F) << 6 | (s[1] & 0x3F);
		return 2;
	}
	if (len >= 3 && (s[0] & 0xF0) == 0xE0 && (s[1] & 0xC0) == 0x80 && (s[2] & 0xC0) == 0x80)
	{
		*code = (uint32_t) (s[0] & 0x0F) << 12 | (uint32_t) (s[1] & 0x3F) << 6 | (s[2] & 0x3F);
		return 3;
	}
	return 0;
}

static char
fold_ascii(char c)
{
	c = lower(c);
	if (is_digit(c) || is_letter(c) || c == '+' || c == '#' || c == '*' || c == ':')
		return c;
	if (c != '\0' && strchr(" \t\r\n\v\f-.()[]_~", c) != NULL)
		return SEPARATOR;
	return NOT_IN_NUMBERS;
}

static char
fold_unicode(uint32_t code)
{
	if (code >= 0xFF01 && code <= 0xFF5E) /* full-width ASCII */
		return fold_ascii((char) (code - 0xFF01 + '!'));
	if (code >= 0x0660 && code <= 0x0669) /* Arabic digits */
		return (char) (code - 0x0660 + '0');
	if (code >= 0x06F0 && code <= 0x06F9)
		return (char) (code - 0x06F0 + '0');
	if (code == 0x00A0 || code == 0x00AD || code == 0x2212 || code == 0x3000 || code == 0xFEFF)
		return SEPARATOR;
	if (code >= 0x2000 && code <= 0x2015) /* spaces, dashes, marks */
		return SEPARATOR;
	if (code >= 0x202A && code <= 0x202F) /* writing direction; narrow NBSP */
		return SEPARATOR;
	if (code >= 0x205F && code <= 0x2069)
		return SEPARATOR;
	return NOT_IN_NUMBERS;
}

/*
 * A byte that is not UTF-8: in a database of another encoding, the no-break
 * space (and in Windows' code pages, the dashes) may still be meant.
 */
static char
fold_byte(unsigned char byte)
{
	return byte == 0xA0 || byte == 0x96 || byte == 0x97 ? SEPARATOR : NOT_IN_NUMBERS;
}

/* Writes at most len + 1 bytes */
static void
fold(const char *text, size_t len, char *out)
{
	size_t i = 0;

	while (i < len)
	{
		const unsigned char *s = (const unsigned char *) text + i;
		uint32_t code;
		size_t width;

		if (*s < 0x80)
		{
			*out++ = fold_ascii((char) *s);
			i++;
		}
		else if ((width = decode(s, len - i, &code)) > 0)
		{
			*out++ = fold_unicode(code);
			i += width;
		}
		else
		{
			*out++ = fold_byte(*s);
			i++;
		}
	}
	*out = '\0';
}

/* ------------------------------- words --------------------------------- */

typedef struct Phrase
{
	const char *words;
	PhoneKind kind;
} Phrase;

/* One of these anywhere decides, the first in this order */
static const Phrase telling[] = {
	{"payphone", PHONE_PAYPHONE},
	{"pay phone", PHONE_PAYPHONE},
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
	{"anonymous", PHONE_WITHHELD},
	{"private", PHONE_WITHHELD},
	{"restricted", PHONE_WITHHELD},
	{"unavailable", PHONE_UNAVAILABLE},
	{"unknown", PHONE_UNAVAILABLE},
	{"unobtainable", PHONE_UNAVAILABLE},
	{"not available", PHONE_UNAVAILABLE},
	{"not known", PHONE_UNAVAILABLE}};

/* These only as all that is there */
static const Phrase whole[] = {
	{"n a", PHONE_UNAVAILABLE},
	{"na", PHONE_UNAVAILABLE},
	{"nil", PHONE_UNAVAILABLE},
	{"none", PHONE_UNAVAILABLE},
	{"none given", PHONE_UNAVAILABLE},
	{"not given", PHONE_UNAVAILABLE},
	{"null", PHONE_UNAVAILABLE},
	{"no cli", PHONE_UNAVAILABLE},
	{"no number", PHONE_UNAVAILABLE}};

/* " n a " from "n/a": the runs of letters, each between single blanks */
static void
list_words(const char *text, char *out)
{
	*out++ = ' ';
	while (*text != '\0')
	{
		if (!is_letter(*text))
		{
			text++;
			continue;
		}
		while (is_letter(*text))
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

static bool
kind_of_words(const char *text, PhoneKind *kind)
{
	char words[PHONE_MAX_TEXT * 2 + 2];
	size_t i;

	list_words(text, words);
	for (i = 0; i < lengthof(telling); i++)
	{
		if (contains_phrase(words, telling[i].words))
		{
			*kind = telling[i].kind;
			return true;
		}
	}
	for (i = 0; i < lengthof(whole); i++)
	{
		if (is_phrase(words, whole[i].words))
		{
			*kind = whole[i].kind;
			return true;
		}
	}
	return false;
}

static bool
has_letters(const char *text)
{
	while (*text != '\0')
		if (is_letter(*text++))
			return true;
	return false;
}

/* ------------------------------- digits -------------------------------- */

static const char *
skip_separators(const char *text)
{
	while (*text == SEPARATOR || *text == ':')
		text++;
	return text;
}

/* Length of the run of letters at text if it is one of the words, or 0 */
static size_t
match_word(const char *text, const char *const *words, size_t nwords)
{
	size_t len = 0;
	size_t i;

	while (is_letter(text[len]))
		len++;
	for (i = 0; i < nwords; i++)
		if (strlen(words[i]) == len && strncmp(text, words[i], len) == 0)
			return len;
	return 0;
}

/* "Tel. no: " and the like, and the dialling codes #31# and *31# */
static const char *
skip_label(const char *text)
{
	static const char *const labels[] = {"tel", "telephone", "phone", "mob",
										 "mobile", "home", "work", "landline",
										 "cli", "no", "number"};
	size_t len;

	text = skip_separators(text);
	while ((len = match_word(text, labels, lengthof(labels))) > 0)
		text = skip_separators(text + len);
	if (starts_with(text, "#31#") || starts_with(text, "*31#"))
		text += 4;
	return text;
}

/* Whether text is nothing, or an extension: "ext 12", "x12", "#12" */
static bool
is_extension(const char *text)
{
	static const char *const marks[] = {"x", "ext", "extn", "extension"};
	size_t ndigits = 0;

	if (*text == '\0')
		return true;
	if (*text == '#')
		text++;
	else
	{
		size_t len = match_word(text, marks, lengthof(marks));

		if (len == 0)
			return false;
		text += len;
	}
	text = skip_separators(text);
	while (is_digit(text[ndigits]))
		ndigits++;
	return ndigits >= 1 && ndigits <= 7 && *skip_separators(text + ndigits) == '\0';
}

/*
 * 141 withholds the caller's number for one call and 1470 releases it: with
 * either in front, the number is still the number.  No local number of
 * Glasgow (0141) or Skye (01470) begins with a zero.
 */
static void
strip_withhold_prefix(Typed *typed)
{
	size_t prefix;

	if (typed->plus)
		return;
	if (starts_with(typed->digits, "1410"))
		prefix = 3;
	else if (starts_with(typed->digits, "14700"))
		prefix = 4;
	else
		return;

	/* a zero and nine digits at least */
	if (typed->ndigits < prefix + 10)
		return;
	typed->ndigits -= prefix;
	memmove(typed->digits, typed->digits + prefix, typed->ndigits + 1);
}

static bool
is_withhold_prefix(const Typed *typed)
{
	return !typed->plus &&
		   (strcmp(typed->digits, "141") == 0 || strcmp(typed->digits, "1470") == 0);
}

/* Takes the digits out of a folded text; false when it is no number */
static bool
read_digits(const char *text, int calling_code, Typed *typed)
{
	memset(typed, 0, sizeof(*typed));

	for (text = skip_label(text); *text != '\0'; text++)
	{
		if (is_digit(*text))
		{
			if (typed->ndigits == MAX_TYPED_DIGITS)
				return false;
			typed->digits[typed->ndigits++] = *text;
		}
		else if (*text == '+')
		{
			if (calling_code == PHONE_UK && is_withhold_prefix(typed))
				memset(typed, 0, sizeof(*typed));
			if (typed->plus || typed->ndigits > 0)
				return false;
			typed->plus = true;
		}
		else if (*text != SEPARATOR)
			break;
	}

	if (*text != '\0' && (typed->ndigits < 7 || !is_extension(text)))
		return false;
	if (calling_code == PHONE_UK)
		strip_withhold_prefix(typed);
	return typed->ndigits > 0;
}

/* -------------------------- the plan of +44 ---------------------------- */

/*
 * The national significant number in what was dialled within +44, as far as
 * the usual forms go; NULL when it begins with another country's code.
 */
static const char *
uk_national_number(const Typed *typed)
{
	const char *digits = typed->digits;

	if (typed->plus)
	{
		if (!starts_with(digits, "44"))
			return NULL;
		digits += 2;
	}
	else if (starts_with(digits, "0044"))
		digits += 4;
	else if (starts_with(digits, "00"))
		return NULL;
	else if (starts_with(digits, "44") &&
			 (typed->ndigits == 12 || (typed->ndigits == 13 && digits[2] == '0')))
		digits += 2;

	/* the trunk prefix, also in the wrong place: +44 (0)7700 900123 */
	return *digits == '0' ? digits + 1 : digits;
}

/*
 * Whether a number could exist in the National Telephone Numbering Plan,
 * allocated or not: ten digits; nine in some places, and after 0500 and 0800.
 */
static bool
uk_possible(const char *national)
{
	size_t len = strlen(national);

	if (len == 10)
		return strchr("1235789", national[0]) != NULL;
	if (len == 9)
		return national[0] == '1' || starts_with(national, "500") || starts_with(national, "800");
	return false;
}

static PhoneKind
uk_kind(const char *national)
{
	/* longer prefixes before those they begin with */
	static const struct
	{
		const char *prefix;
		PhoneKind kind;
	} plan[] = {
		{"1", PHONE_FIXED},
		{"2", PHONE_FIXED},
		{"3", PHONE_UAN},
		{"50", PHONE_FREEPHONE},
		{"55", PHONE_UAN},
		{"5", PHONE_VOIP},
		{"70", PHONE_PERSONAL},
		{"7624", PHONE_MOBILE}, /* Isle of Man */
		{"76", PHONE_PAGER},
		{"7", PHONE_MOBILE},
		{"80", PHONE_FREEPHONE},
		{"8", PHONE_SHARED_COST},
		{"9", PHONE_PREMIUM}};
	size_t i;

	for (i = 0; i < lengthof(plan); i++)
		if (starts_with(national, plan[i].prefix))
			return plan[i].kind;
	return PHONE_MALFORMED;
}

/* 1111111111: typed to get past a field, by strangers to each other */
static bool
is_filler(const char *digits)
{
	return strspn(digits, (const char[2]){digits[0], '\0'}) == strlen(digits);
}

static void
set_number(PhoneNumber *result, PhoneKind kind, const char *e164)
{
	result->kind = kind;
	if (kind < PHONE_PAYPHONE)
		strcpy(result->e164, e164);
}

/* Settles a number of +44 in a usual form; false leaves it to the library */
static bool
classify_uk(const char *national, PhoneNumber *result)
{
	char e164[PHONE_E164_SIZE] = "+44";

	if (national == NULL)
		return false;
	if (starts_with(national, "8979") && strlen(national) >= 7)
	{
		result->kind = PHONE_INSERTED_08979;
		return true;
	}
	if (!uk_possible(national))
		return false;
	if (is_filler(national))
		return true;
	strcat(e164, national);
	set_number(result, uk_kind(national), e164);
	return true;
}

/* ----------------------------- the whole ------------------------------- */

static bool
is_short_code(const Typed *typed)
{
	return !typed->plus && typed->digits[0] != '0' &&
		   typed->ndigits >= 2 && typed->ndigits <= 6;
}

static PhoneStatus
classify_by_library(const Typed *typed, const char *region, int calling_code,
					PhoneNumber *result)
{
	char dialled[MAX_TYPED_DIGITS + 2];
	PhoneParsed parsed;
	PhoneStatus status;

	strcpy(dialled, typed->plus ? "+" : "");
	strcat(dialled, typed->digits);
	status = phone_library_parse(dialled, region, &parsed);
	if (status != PHONE_OK || !parsed.parsed || is_filler(parsed.e164 + 1))
		return status;

	if (parsed.calling_code == PHONE_UK)
	{
		const char *national = parsed.e164 + 3;

		/* 0800 1111 is shorter than the plan's lengths */
		if (!classify_uk(national, result) && parsed.valid)
			set_number(result, uk_kind(national), parsed.e164);
	}
	else if (parsed.possible)
		set_number(result, parsed.kind, parsed.e164);

	if (result->e164[0] != '\0' && parsed.calling_code != calling_code)
		result->kind = PHONE_INTERNATIONAL;
	return PHONE_OK;
}

static PhoneStatus
classify_digits(const Typed *typed, const char *region, int calling_code,
				PhoneNumber *result)
{
	PhoneStatus status;

	if (is_filler(typed->digits))
	{
		if (typed->digits[0] == '0' && !typed->plus)
			result->kind = PHONE_UNAVAILABLE;
		else if (is_short_code(typed))
			result->kind = PHONE_SHORT_CODE;
		return PHONE_OK;
	}
	if (calling_code == PHONE_UK)
	{
		if (is_short_code(typed))
			result->kind = PHONE_SHORT_CODE;
		else if (!classify_uk(uk_national_number(typed), result))
			return classify_by_library(typed, region, calling_code, result);
		return PHONE_OK;
	}

	status = classify_by_library(typed, region, calling_code, result);
	if (status == PHONE_OK && result->kind == PHONE_MALFORMED && is_short_code(typed))
		result->kind = PHONE_SHORT_CODE;
	return status;
}

static PhoneStatus
find_calling_code(const char *region, int *calling_code)
{
	static const char *const home[] = {"GB", "GG", "IM", "JE"};
	size_t i;

	for (i = 0; i < lengthof(home); i++)
	{
		if (strcmp(region, home[i]) == 0)
		{
			*calling_code = PHONE_UK;
			return PHONE_OK;
		}
	}
	return phone_region_calling_code(region, calling_code);
}

/*
 * phone_classify
 *	  Says what raw is, and which number, as seen from a region (two upper-case
 *	  letters).  Bytes outside ASCII are taken as UTF-8 where they are that.
 */
PhoneStatus
phone_classify(const char *raw, size_t len, const char *region, PhoneNumber *result)
{
	char text[PHONE_MAX_TEXT + 1];
	int calling_code;
	Typed typed;
	PhoneStatus status = find_calling_code(region, &calling_code);

	memset(result, 0, sizeof(*result));
	result->kind = PHONE_MALFORMED;
	if (status != PHONE_OK)
		return status;

	trim(&raw, &len);
	if (len > PHONE_MAX_TEXT)
		return PHONE_OK;
	unwrap_uri(&raw, &len);
	drop_decimal_zero(raw, &len);
	fold(raw, len, text);

	if (has_letters(text) && kind_of_words(text, &result->kind))
		return PHONE_OK;
	if (!read_digits(text, calling_code, &typed))
		return PHONE_OK;
	return classify_digits(&typed, region, calling_code, result);
}
