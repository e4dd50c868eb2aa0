/*-------------------------------------------------------------------------
 * phone_text.c
 *	  From the text in a telephone-number field to a kind and a number.
 *
 * Such a field holds what a network sent, what a handler typed, or what a
 * spreadsheet made of either.  The text is folded to ASCII, words that say
 * "no number" are recognised, and the digits are taken out.  libphonenumber
 * never sees anything but digits and a leading '+', and never settles a number
 * of +44.
 *
 * Numbers of +44 are judged here, by length and leading digits, and not by the
 * library: it refuses ranges that no provider has (such as all those that
 * Ofcom reserves for drama), its lists go out of date, and the answers of an
 * immutable function must not change with its version.  It also takes a
 * hundred times as long.
 *-------------------------------------------------------------------------
 */
#include <stdint.h>
#include <string.h>

#include "core/identity/phone.h"
#include "core/text.h"

#define lengthof(array) (sizeof(array) / sizeof((array)[0]))

/* More digits than any way to dial an E.164 number has. */
#define MAX_TYPED_DIGITS 24

/* Folded text is digits, lower-case letters, "+#*:/,.", and these. */
#define SEPARATOR ' '
#define NOT_IN_NUMBERS '?'
#define NOT_ASCII '!'

typedef struct Typed
{
	char digits[MAX_TYPED_DIGITS + 1];
	size_t ndigits;
	bool plus;
	bool nine_alone; /* a separate 9 before the number that is dialled */
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
starts_with(const char *text, const char *prefix)
{
	while (*prefix != '\0')
	{
		if (*text++ != *prefix++)
			return false;
	}
	return true;
}

/* --------------------------------------------------------------- folding */

/*
 * What may surround a number: blanks, the marks with which a spreadsheet keeps
 * a number as text, and separators left over from a list.
 */
static bool
is_wrapping(char c)
{
	return c != '\0' && strchr(" \t\r\n\v\f'\"`=,;/", c) != NULL;
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
	for (size_t i = 0; scheme[i] != '\0'; i++)
		if (i >= len || to_lower(text[i]) != scheme[i])
			return false;
	return true;
}

static const char *
find(const char *text, size_t len, char c)
{
	return memchr(text, c, len);
}

static int
hex_value(char c)
{
	c = to_lower(c);
	if (is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* %2B44… in an address: printing ASCII alone is decoded. */
static size_t
decode_escapes(const char *text, size_t len, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
	{
		int value = -1;

		if (text[i] == '%' && i + 2 < len && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0)
			value = hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]);
		if (value >= ' ' && value <= '~')
			i += 2;
		out[n++] = value >= ' ' && value <= '~' ? (char) value : text[i];
	}
	return n;
}

/* A host that means there is no number (RFC 3323): no real one ends in .invalid. */
static bool
host_hides_number(const char *host, size_t len, PhoneKind *kind)
{
	static const char suffix[] = ".invalid";
	const size_t suffix_len = sizeof(suffix) - 1;

	for (size_t i = 0; i < len; i++)
		if (host[i] == ';' || host[i] == ':' || host[i] == '>' || host[i] == '?')
			len = i;
	if (len < suffix_len || !starts_with_scheme(host + len - suffix_len, suffix_len, suffix))
		return false;
	*kind = starts_with_scheme(host, len, "anonymous") ? PHONE_WITHHELD : PHONE_UNAVAILABLE;
	return true;
}

static bool
has_ascii_letter(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (is_letter(text[i]))
			return true;
	return false;
}

/*
 * sip:+44…@host;user=phone, tel:+44…;ext=12 and 07700900123@host: the part
 * that is the number.  False if the address means that there is none.
 */
static bool
unwrap_uri(const char **text, size_t *len, char *buffer, PhoneKind *kind)
{
	static const char *const schemes[] = {"sip:", "sips:", "tel:", "sms:", "callto:", "whatsapp:"};
	const char *at;
	bool is_uri = false;

	for (size_t i = 0; i < lengthof(schemes) && !is_uri && *len > 0 && is_letter((*text)[0]); i++)
	{
		if (!starts_with_scheme(*text, *len, schemes[i]))
			continue;
		is_uri = true;
		*text += strlen(schemes[i]);
		*len -= strlen(schemes[i]);
	}
	at = find(*text, *len, '@');
	if (at != NULL && host_hides_number(at + 1, *len - (at + 1 - *text), kind))
		return false;
	if (!is_uri)
	{
		/* an e-mail address is not a number */
		if (at != NULL && !has_ascii_letter(*text, at - *text))
			*len = at - *text;
		return true;
	}
	for (size_t i = 0; i < *len; i++)
		if ((*text)[i] == '@' || (*text)[i] == ';')
			*len = i;
	*len = decode_escapes(*text, *len, buffer);
	*text = buffer;
	trim(text, len);
	return true;
}

static char
fold_ascii(char c)
{
	if (is_digit(c) || c == SEPARATOR)
		return c;
	c = to_lower(c);
	if (is_lower(c) || (c != '\0' && strchr("+#*:/,.", c) != NULL))
		return c;
	if (c != '\0' && strchr(" \t\r\n\v\f-()[]_~", c) != NULL)
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
	return NOT_ASCII;
}

/*
 * A byte that is not UTF-8: in a database of another encoding, the no-break
 * space (and in Windows' code pages, the dashes) may still be meant.
 */
static char
fold_byte(unsigned char byte)
{
	return byte == 0xA0 || byte == 0x96 || byte == 0x97 ? SEPARATOR : NOT_ASCII;
}

/* Writes at most len + 1 bytes. */
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
		else if ((width = text_decode((const char *) s, len - i, &code)) > 1 && code <= 0xFFFF)
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

/*
 * 7700900123.0 and .00, as a spreadsheet or data frame exports a column with
 * gaps; any other dot is a separator.
 */
static void
settle_dots(char *text)
{
	size_t len = strlen(text);
	size_t whole = len;

	while (whole > 0 && len - whole < 2 && text[whole - 1] == '0')
		whole--;
	if (whole < len && whole >= 2 && text[whole - 1] == '.' &&
		strspn(text + (text[0] == '+'), "0123456789") == whole - 1 - (text[0] == '+'))
		text[whole - 1] = '\0';
	for (; *text != '\0'; text++)
		if (*text == '.')
			*text = SEPARATOR;
}

static bool
has_letters(const char *text)
{
	while (*text != '\0')
		if (is_lower(*text++))
			return true;
	return false;
}

/* ---------------------------------------------------------------- digits */

static const char *
skip_separators(const char *text)
{
	while (*text == SEPARATOR || *text == ':')
		text++;
	return text;
}

/* The length of the letters at text if they are one of the words, or 0. */
static size_t
match_word(const char *text, const char *const *words, size_t nwords)
{
	size_t len = 0;

	while (is_lower(text[len]))
		len++;
	for (size_t i = 0; i < nwords && len > 0; i++)
		if (strlen(words[i]) == len && strncmp(text, words[i], len) == 0)
			return len;
	return 0;
}

/* Skip words such as "Tel. no: " before a number and " (mob)" after it. */
static const char *
skip_words(const char *text)
{
	static const char *const labels[] = {"tel", "telephone", "phone", "ph", "mob", "mobile", "cell", "home",
										 "work", "landline", "line", "daytime", "day", "evening", "main",
										 "contact", "caller", "id", "from", "cli", "ani", "no", "nos",
										 "number", "t", "m", "h", "w", "p"};
	size_t len;

	text = skip_separators(text);
	while ((len = match_word(text, labels, lengthof(labels))) > 0)
		text = skip_separators(text + len);
	return text;
}

/* The same, and the dialling codes #31# and *31#. */
static const char *
skip_label(const char *text)
{
	text = skip_words(text);
	if (starts_with(text, "#31#") || starts_with(text, "*31#"))
		text += 4;
	return text;
}

/* Whether text is nothing, or an extension: "ext 12", "x12", "#12". */
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

static void
strip_prefix(Typed *typed, size_t len)
{
	typed->ndigits -= len;
	memmove(typed->digits, typed->digits + len, typed->ndigits + 1);
}

/*
 * A 9 for an outside line.  A separate 9 always is one; a 9 that touches the
 * other digits only if they are a number that begins with 01 or 07, because
 * +90 is Turkey, where no number begins so.
 */
static void
strip_outside_line(Typed *typed)
{
	const char *rest = typed->digits + 1;

	if (typed->digits[0] != '9')
		return;
	if (typed->nine_alone ? typed->ndigits != 10 : typed->ndigits == 12 && rest[0] == '0' && (rest[1] == '1' || rest[1] == '7'))
		strip_prefix(typed, 1);
	else if (typed->ndigits == 15 && starts_with(rest, "0044"))
		strip_prefix(typed, 1);
}

/*
 * 141 withholds the caller's number for one call and 1470 releases it; 18001
 * and 18002 are Relay UK's.  The number after one of them is the caller's
 * number.  No local number of Glasgow (0141) or Skye (01470) begins with a
 * zero.
 */
static void
strip_service_prefix(Typed *typed)
{
	static const char *const prefixes[] = {"18001", "18002", "141", "1470"};

	for (size_t i = 0; i < lengthof(prefixes) && typed->digits[0] == '1'; i++)
	{
		size_t len = strlen(prefixes[i]);

		/* a zero and at least nine digits */
		if (starts_with(typed->digits, prefixes[i]) && typed->digits[len] == '0' && typed->ndigits >= len + 10)
			strip_prefix(typed, len);
	}
}

/* What may precede a '+': nothing, or what is dialled before a number. */
static bool
may_precede_plus(const Typed *typed, int calling_code)
{
	static const char *const prefixes[] = {"141", "1470", "18001", "18002", "9"};

	/* "0+44": two ways to start a number in one */
	if (typed->ndigits <= 2 && strspn(typed->digits, "0") == typed->ndigits)
		return true;
	for (size_t i = 0; i < lengthof(prefixes) && calling_code == PHONE_UK; i++)
		if (strcmp(typed->digits, prefixes[i]) == 0)
			return true;
	return false;
}

/*
 * A slash after an area code, as in 01632/960123.  A slash between numbers, or
 * before another ending of one, comes later.
 */
static bool
may_precede_slash(const Typed *typed)
{
	if (typed->plus)
		return typed->ndigits >= 2 && typed->ndigits <= 7;
	return typed->digits[0] == '0' && typed->ndigits >= 3 && typed->ndigits <= 6;
}

#define DIGITS_BEHIND_SLASH 6

/* Takes the digits out of a folded text; false if it is not a number. */
static bool
read_digits(const char *text, int calling_code, Typed *typed)
{
	size_t slash_at = 0;

	memset(typed, 0, sizeof(*typed));
	text = skip_label(text);
	if (text[0] == '9' && (text[1] == SEPARATOR || text[1] == ','))
	{
		const char *dialled = text + 1 + strspn(text + 1, " ,");

		typed->nine_alone = *dialled == '0' || *dialled == '+' || starts_with(dialled, "141") || starts_with(dialled, "1470");
		if (typed->nine_alone && calling_code == PHONE_UK)
		{
			typed->digits[typed->ndigits++] = '9';
			text = dialled;
		}
	}
	for (; *text != '\0'; text++)
	{
		if (is_digit(*text))
		{
			if (typed->ndigits == MAX_TYPED_DIGITS)
				return false;
			typed->digits[typed->ndigits++] = *text;
		}
		else if (*text == '+')
		{
			if (typed->plus || slash_at > 0 || !may_precede_plus(typed, calling_code))
				return false;
			memset(typed, 0, sizeof(*typed));
			typed->plus = true;
		}
		else if (*text == '/' && slash_at == 0 && may_precede_slash(typed))
			slash_at = typed->ndigits;
		else if (*text != SEPARATOR)
			break;
	}

	if (slash_at > 0 && typed->ndigits < slash_at + DIGITS_BEHIND_SLASH)
		return false;
	if (*text != '\0' && (typed->ndigits < 7 || !(is_extension(text) || *skip_words(text) == '\0')))
		return false;
	/* no country's code begins with a zero */
	if (typed->plus && typed->digits[0] == '0')
		typed->plus = false;
	if (calling_code == PHONE_UK && !typed->plus)
	{
		strip_outside_line(typed);
		strip_service_prefix(typed);
	}
	return typed->ndigits > 0;
}

/* ------------------------------------------------------- the plan of +44 */

/*
 * Whether a number could exist in the National Telephone Numbering Plan,
 * allocated or not: ten digits; nine in some places, and after 0500 and 0800;
 * Childline's 0800 1111 and the 0845 464x of NHS Direct.
 */
static bool
uk_possible(const char *national)
{
	size_t len = strlen(national);

	if (len == 10)
		return strchr("1235789", national[0]) != NULL;
	if (len == 9)
		return national[0] == '1' || starts_with(national, "500") || starts_with(national, "800");
	return len == 7 && (strcmp(national, "8001111") == 0 || starts_with(national, "845464"));
}

/* Skip the trunk prefix, also in the wrong place: +44 (0)7700 900123. */
static const char *
skip_trunk_prefix(const char *digits)
{
	return *digits == '0' ? digits + 1 : digits;
}

/*
 * 00 20 7946 0123: one zero too many before ten digits that are a number of
 * +44, but not a number of another country.  Countries 1 and 7 have ten digits
 * behind their code; no number of Egypt's (20) has eight and begins with 7 or
 * 8; 28x and 292 are no countries.
 */
static bool
is_zero_too_many(const char *digits)
{
	static const char *const told[] = {"1", "7", "207", "208", "28", "292"};

	for (size_t i = 0; i < lengthof(told); i++)
		if (starts_with(digits, told[i]))
			return uk_possible(digits) && strlen(digits) == 10;
	return false;
}

/*
 * The national significant number in what was dialled within +44, as far as
 * the usual forms go; NULL when it begins with another country's code.
 */
static const char *
uk_national_number(const Typed *typed)
{
	static const char *const codes[] = {"0044", "00044", "044"};
	const char *digits = typed->digits;

	if (typed->plus)
		return starts_with(digits, "44") ? skip_trunk_prefix(digits + 2) : NULL;
	for (size_t i = 0; i < lengthof(codes) && digits[0] == '0'; i++)
	{
		const char *national = digits + strlen(codes[i]);

		if (!starts_with(digits, codes[i]))
			continue;
		/* the second and third are mistakes, and count as one only if the result is a number */
		national = skip_trunk_prefix(national);
		if (i == 0 || uk_possible(national))
			return national;
	}
	if (starts_with(digits, "00"))
	{
		const char *national = digits + strspn(digits, "0");

		return (national > digits + 2 ? uk_possible(national) : is_zero_too_many(national)) ? national : NULL;
	}
	if (starts_with(digits, "44") &&
		(typed->ndigits == 12 || uk_possible(skip_trunk_prefix(digits + 2))))
		digits += 2;
	return skip_trunk_prefix(digits);
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

	for (size_t i = 0; i < lengthof(plan); i++)
		if (starts_with(national, plan[i].prefix))
			return plan[i].kind;
	return PHONE_MALFORMED;
}

static void
set_number(PhoneNumber *result, PhoneKind kind, const char *e164)
{
	result->kind = kind;
	if (kind < PHONE_PAYPHONE)
		strcpy(result->e164, e164);
}

/* Judge a number of +44 in a usual form; false leaves it to the library. */
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
	if (phone_is_filler(national, true))
		return true;
	strcat(e164, national);
	set_number(result, uk_kind(national), e164);
	return true;
}

/* ------------------------------------------------------------- the whole */

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
	if (status != PHONE_OK || !parsed.parsed || phone_is_filler(parsed.e164 + 1, false))
		return status;

	if (parsed.calling_code == PHONE_UK)
	{
		/* within +44, digits that the plan here does not have are not a number */
		if (calling_code != PHONE_UK)
			classify_uk(parsed.e164 + 3, result);
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

	if (phone_is_one_digit(typed->digits))
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

/* phone_is_home: whether a region (two upper-case letters) has numbers of +44 */
bool
phone_is_home(const char *region)
{
	static const char *const regions[] = {"GB", "GG", "IM", "JE"};

	for (size_t i = 0; i < lengthof(regions); i++)
		if (strcmp(region, regions[i]) == 0)
			return true;
	return false;
}

static PhoneStatus
find_calling_code(const char *region, int *calling_code)
{
	if (!phone_is_home(region))
		return phone_region_calling_code(region, calling_code);
	*calling_code = PHONE_UK;
	return PHONE_OK;
}

static bool read_field(const char *raw, size_t len, int calling_code, bool is_whole, Typed *typed, PhoneKind *kind);

static bool
have_same_end(const Typed *a, const Typed *b)
{
	size_t len = a->ndigits < b->ndigits ? a->ndigits : b->ndigits;

	if (len > 9)
		len = 9;
	return len >= 7 && memcmp(a->digits + a->ndigits - len, b->digits + b->ndigits - len, len) == 0;
}

/*
 * "Kelia" <sip:+447700900123@host>;tag=1: the text in the brackets, unless the
 * text before them means that there is no number, or is another number.
 */
static bool
read_name_and_address(const char *raw, size_t len, int calling_code, Typed *typed, PhoneKind *kind)
{
	const char *open = find(raw, len, '<');
	const char *close = find(open, len - (open - raw), '>');
	const char *name = raw;
	size_t name_len = open - raw;
	Typed named;
	PhoneKind named_kind = PHONE_MALFORMED;

	*kind = PHONE_MALFORMED;
	if (close == NULL || (close + 1 < raw + len && close[1] != ';'))
		return false;
	trim(&name, &name_len);
	if (name_len > 0)
	{
		bool has_number = read_field(name, name_len, calling_code, false, &named, &named_kind);

		if (!has_number && named_kind != PHONE_MALFORMED)
		{
			*kind = named_kind;
			return false;
		}
		if (!has_number)
			for (size_t i = 0; i < name_len; i++)
				if (is_digit(name[i]))
					return false;
		return read_field(open + 1, close - open - 1, calling_code, false, typed, kind) &&
			   (!has_number || have_same_end(&named, typed));
	}
	return read_field(open + 1, close - open - 1, calling_code, false, typed, kind);
}

/* Whether a folded text without letters has only signs: "-", ".", "?". */
static bool
is_nothing(const char *text)
{
	return strpbrk(text, "0123456789!") == NULL;
}

/*
 * Takes the digits of a number out of a field; false, with the kind, if there
 * is none.  Depends only on the calling code of the region; with PHONE_UK it
 * takes everything that any other region takes.
 */
static bool
read_field(const char *raw, size_t len, int calling_code, bool is_whole, Typed *typed, PhoneKind *kind)
{
	char text[PHONE_MAX_TEXT + 1];
	char buffer[PHONE_MAX_TEXT];

	*kind = PHONE_MALFORMED;
	trim(&raw, &len);
	if (len > PHONE_MAX_TEXT)
		return false;
	if (is_whole && find(raw, len, '<') != NULL)
		return read_name_and_address(raw, len, calling_code, typed, kind);
	if (!unwrap_uri(&raw, &len, buffer, kind))
		return false;
	fold(raw, len, text);
	settle_dots(text);

	if (has_letters(text) ? phone_kind_of_words(text, kind) : is_nothing(text))
	{
		if (*kind == PHONE_MALFORMED)
			*kind = PHONE_UNAVAILABLE; /* there is nothing */
		return false;
	}
	if (read_digits(text, calling_code, typed))
		return !phone_spells_word(typed->digits, kind);
	if (is_extension(skip_label(text)))
		*kind = *skip_label(text) == '\0' ? PHONE_MALFORMED : PHONE_SHORT_CODE; /* a line within a switchboard */
	return false;
}

/*
 * phone_classify Finds what raw is, and which number, as seen from a region
 * (two upper-case letters).  Bytes outside ASCII are read as UTF-8 if they are
 * valid.
 */
PhoneStatus
phone_classify(const char *raw, size_t len, const char *region, PhoneNumber *result)
{
	int calling_code;
	Typed typed;
	PhoneStatus status = find_calling_code(region, &calling_code);

	memset(result, 0, sizeof(*result));
	result->kind = PHONE_MALFORMED;
	if (status != PHONE_OK || !read_field(raw, len, calling_code, true, &typed, &result->kind))
		return status;
	result->kind = PHONE_MALFORMED;
	return classify_digits(&typed, region, calling_code, result);
}

/*
 * phone_place
 *	  Where the number of a field lies among all numbers; false if it cannot be
 *	  a number in any region.  Without libphonenumber, so it never changes: +44
 *	  numbers are distinguished from numbers with the same last digits that only
 *	  the region could tell apart, and other numbers by their last digits.
 */
bool
phone_place(const char *raw, size_t len, PhonePlace *place)
{
	PhoneNumber number = {PHONE_MALFORMED, ""};
	PhoneKind kind;
	Typed typed;
	const char *digits;

	if (!read_field(raw, len, PHONE_UK, true, &typed, &kind))
		return false;
	place->head = 0;
	place->tail = 0;
	digits = typed.digits + (typed.ndigits > PHONE_TAIL_DIGITS ? typed.ndigits - PHONE_TAIL_DIGITS : 0);
	for (; *digits != '\0'; digits++)
		place->tail = place->tail * 10 + (*digits - '0');
	if (!is_short_code(&typed) && classify_uk(uk_national_number(&typed), &number) && number.e164[0] != '\0')
	{
		size_t end = strlen(number.e164) - PHONE_TAIL_DIGITS;

		for (size_t i = 3; i < end; i++)
			place->head = place->head * 10 + (number.e164[i] - '0');
	}
	return true;
}
