/*-------------------------------------------------------------------------
 * linkage_levels.c
 *	  Kinds of details: how they are normalised, and how alike two values are.
 *
 * Level 0 is the same value, the last level is different ones.  A value that is
 * only a part of a place agrees with itself at the level of that part.
 *-------------------------------------------------------------------------
 */
#include "core/identity/linkage.h"

#include <string.h>

#include "core/identity/place.h"
#include "core/identity/similarity.h"
#include "core/text.h"

/* The names of the levels of a kind. */
static const char *const number_levels[] = {"same", "one digit differs", "different"};
static const char *const name_levels[] = {"same", "one letter differs", "alike", "initial or short form",
										  "somewhat alike", "different"};
static const char *const date_levels[] = {"same", "one digit differs", "day and month swapped",
										  "two parts same", "year same", "near", "different"};
static const char *const postcode_levels[] = {"same", "one character differs", "same sector",
											  "same district", "same area", "different"};
static const char *const email_levels[] = {"same", "one character differs", "alike", "one part same",
										   "somewhat alike", "different"};
static const char *const text_levels[] = {"same", "one letter differs", "alike", "a word in common",
										  "somewhat alike", "different"};
static const char *const identifier_levels[] = {"same", "one character differs", "two characters differ",
												"different"};
static const char *const category_levels[] = {"same", "different"};

/* Levels that a part of a place has. */
#define SAME_SECTOR 2
#define SAME_DISTRICT 3
#define SAME_AREA 4
#define OTHER_AREA 5
#define WORD_IN_COMMON 3
#define NO_WORD_IN_COMMON 4
#define OTHER_TEXT 5

#define LEVELS(levels) levels, (int) (sizeof(levels) / sizeof(levels[0]))
#define FORM(form) (1 << (form))

/* By LinkKind. */
static const struct
{
	const char *name;
	const char *const *level;
	int levels;
	unsigned forms;
} kinds[LINK_KINDS] = {
	{"number", LEVELS(number_levels), FORM(LINK_WHOLE)},
	{"name", LEVELS(name_levels), FORM(LINK_WHOLE) | FORM(LINK_SOUND)},
	{"date", LEVELS(date_levels), FORM(LINK_WHOLE) | FORM(LINK_YEAR) | FORM(LINK_DAY)},
	{"postcode", LEVELS(postcode_levels), FORM(LINK_WHOLE) | FORM(LINK_DISTRICT)},
	{"email", LEVELS(email_levels), FORM(LINK_WHOLE) | FORM(LINK_LOCAL) | FORM(LINK_DOMAIN)},
	{"text", LEVELS(text_levels), FORM(LINK_WHOLE) | FORM(LINK_START)},
	{"address", LEVELS(text_levels), FORM(LINK_WHOLE) | FORM(LINK_START)},
	{"identifier", LEVELS(identifier_levels), FORM(LINK_WHOLE)},
	{"category", LEVELS(category_levels), FORM(LINK_WHOLE)},
};

/* By LinkForm. */
static const char *const forms[LINK_FORMS] = {"whole", "sound", "year", "day", "district", "local",
											  "domain", "start"};

const char *
link_kind_name(LinkKind kind)
{
	return kinds[kind].name;
}

bool
link_kind_of(const char *name, LinkKind *kind)
{
	for (int i = 0; i < LINK_KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0)
		{
			*kind = i;
			return true;
		}
	return false;
}

const char *
link_form_name(LinkForm form)
{
	return forms[form];
}

bool
link_form_fits(LinkForm form, LinkKind kind)
{
	return (kinds[kind].forms & FORM(form)) != 0;
}

/* The form of this name, where the kind has it. */
bool
link_form_of(const char *name, LinkKind kind, LinkForm *form)
{
	for (int i = 0; i < LINK_FORMS; i++)
		if (strcmp(forms[i], name) == 0)
		{
			*form = i;
			return link_form_fits(i, kind);
		}
	return false;
}

int
link_levels(LinkKind kind)
{
	return kinds[kind].levels;
}

const char *
link_level_name(LinkKind kind, int level)
{
	return level < 0 ? "missing" : kinds[kind].level[level];
}

/* ---------------------------------------------------------- normal forms */

/* Words that are not names. */
static bool
is_no_name(const char *key, size_t len)
{
	static const char *const words[] = {"unknown", "not known", "not given", "not stated", "refused",
										"withheld", "anonymous", "anon", "none", "no name", "nil", "na",
										"n a", "tbc", "x", "xx", "xxx", "male", "female"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == len && memcmp(words[i], key, len) == 0)
			return true;
	return false;
}

/* Letters and digits only, in upper case. */
static size_t
keep_alphanumeric(const char *raw, size_t len, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n < LINK_MAX_VALUE; i++)
		if (is_digit(raw[i]) || is_letter(raw[i]))
			out[n++] = to_upper(raw[i]);
	return n;
}

/* Lower case, without white space. */
static size_t
normalise_email(const char *raw, size_t len, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n < LINK_MAX_VALUE; i++)
		if ((unsigned char) raw[i] > ' ')
			out[n++] = to_lower(raw[i]);
	return n;
}

/*
 * Digits of a date, as YYYYMMDD.  Where the first number has one or two digits
 * and the third has four it is read as day, month, year.
 */
static size_t
normalise_date(const char *raw, size_t len, char *out)
{
	char part[3][LINK_MAX_VALUE];
	size_t digits[3] = {0, 0, 0};
	size_t n = 0;
	int parts = 0;

	for (size_t i = 0; i < len && parts < 3; i++)
	{
		if (is_digit(raw[i]))
		{
			if (digits[parts] < 8)
				part[parts][digits[parts]++] = raw[i];
		}
		else if (digits[parts] > 0)
			parts++;
	}
	if (digits[0] > 0 && digits[0] <= 2 && digits[1] > 0 && digits[1] <= 2 && digits[2] == 4)
	{
		memcpy(out, part[2], 4);
		out[4] = digits[1] == 2 ? part[1][0] : '0';
		out[5] = part[1][digits[1] - 1];
		out[6] = digits[0] == 2 ? part[0][0] : '0';
		out[7] = part[0][digits[0] - 1];
		return 8;
	}
	for (int p = 0; p < 3; p++)
		for (size_t i = 0; i < digits[p] && n < 8; i++)
			out[n++] = part[p][i];
	return n;
}

/* The form in which values of a kind are compared, into LINK_MAX_VALUE bytes; its length, 0 for none. */
size_t
link_normalise(LinkKind kind, const char *raw, size_t len, char *out)
{
	size_t n;

	switch (kind)
	{
		case LINK_NAME:
			n = similarity_name_key(raw, len, out, LINK_MAX_VALUE);
			return is_no_name(out, n) ? 0 : n;
		case LINK_ADDRESS:
			n = similarity_name_key(raw, len, out, LINK_MAX_VALUE);
			return place_address(out, n) == PLACE_NO_ADDRESS ? 0 : n;
		case LINK_TEXT:
		case LINK_CATEGORY:
			return similarity_name_key(raw, len, out, LINK_MAX_VALUE);
		case LINK_DATE:
			return normalise_date(raw, len, out);
		case LINK_EMAIL:
			return normalise_email(raw, len, out);
		case LINK_POSTCODE:
			return place_postcode_key(raw, len, out, LINK_MAX_VALUE);
		case LINK_IDENTIFIER:
			return keep_alphanumeric(raw, len, out);
		case LINK_NUMBER:
			break;
	}
	n = len < LINK_MAX_VALUE ? len : LINK_MAX_VALUE;
	memcpy(out, raw, n);
	return n;
}

/* ----------------------------------------------------------- comparisons */

typedef struct Text
{
	const char *p;
	size_t len;
} Text;

static int
distance(Text a, Text b, int limit)
{
	return similarity_damerau_levenshtein(a.p, a.len, b.p, b.len, limit);
}

static size_t
longer(Text a, Text b)
{
	return a.len > b.len ? a.len : b.len;
}

static size_t
shorter(Text a, Text b)
{
	return a.len < b.len ? a.len : b.len;
}

static bool
is_start_of_other(Text a, Text b)
{
	return memcmp(a.p, b.p, shorter(a, b)) == 0;
}

/* One wrong letter in a text of at least four, two in one of at least eight. */
static bool
is_slip(Text a, Text b)
{
	size_t n = longer(a, b);
	int limit = n >= 8 ? 2 : n >= 4 ? 1 :
									  0;

	return limit > 0 && distance(a, b, limit) <= limit;
}

static int
compare_name(Text a, Text b)
{
	double alike = similarity_jaro_winkler(a.p, a.len, b.p, b.len);

	if (alike >= 0.94 || (longer(a, b) >= 4 && distance(a, b, 1) <= 1))
		return 1;
	if (alike >= 0.88 || (longer(a, b) >= 6 && distance(a, b, 2) <= 2))
		return 2;
	if (is_start_of_other(a, b) || (shorter(a, b) <= 2 && a.p[0] == b.p[0]))
		return 3;
	return alike >= 0.75 ? 4 : 5;
}

static int
number_of(const char *digits, int n)
{
	int number = 0;

	for (int i = 0; i < n; i++)
		number = number * 10 + (digits[i] - '0');
	return number;
}

static int
compare_date(Text a, Text b)
{
	if (a.len != 8 || b.len != 8)
		return distance(a, b, 1) <= 1 ? SIMILARITY_DATE_ONE_DIGIT : SIMILARITY_DATE_DIFFERENT;
	return similarity_date_level(number_of(a.p, 4), number_of(a.p + 4, 2), number_of(a.p + 6, 2),
								 number_of(b.p, 4), number_of(b.p + 4, 2), number_of(b.p + 6, 2));
}

/* Without the last letters of a postcode, which distinguish neighbouring streets. */
static bool
same_without(Text a, Text b, size_t last)
{
	return a.len == b.len && a.len > last && memcmp(a.p, b.p, a.len - last) == 0;
}

static size_t
area_length(Text a)
{
	size_t n = 0;

	while (n < a.len && is_letter(a.p[n]))
		n++;
	return n;
}

static int
compare_postcode(Text a, Text b)
{
	size_t area = area_length(a);

	if (distance(a, b, 1) <= 1)
		return 1;
	if (shorter(a, b) >= 5 && same_without(a, b, 2))
		return SAME_SECTOR;
	if ((shorter(a, b) >= 5 && same_without(a, b, 3)) || distance(a, b, 2) <= 2)
		return SAME_DISTRICT;
	return area > 0 && area == area_length(b) && memcmp(a.p, b.p, area) == 0 ? SAME_AREA : OTHER_AREA;
}

static void
split_email(Text a, Text *local, Text *domain)
{
	const char *at = memchr(a.p, '@', a.len);

	local->p = a.p;
	local->len = at == NULL ? a.len : (size_t) (at - a.p);
	domain->p = at == NULL ? a.p + a.len : at + 1;
	domain->len = a.p + a.len - domain->p;
}

static int
compare_email(Text a, Text b)
{
	Text local[2];
	Text domain[2];

	if (distance(a, b, 1) <= 1)
		return 1;
	if (longer(a, b) >= 8 && distance(a, b, 3) <= 3)
		return 2;
	split_email(a, &local[0], &domain[0]);
	split_email(b, &local[1], &domain[1]);
	if (domain[0].len > 0 && domain[1].len > 0 &&
		(distance(domain[0], domain[1], 1) <= 1 || distance(local[0], local[1], 1) <= 1))
		return 3;
	return similarity_jaro_winkler(a.p, a.len, b.p, b.len) >= 0.85 ? 4 : 5;
}

/* The next word of a text; false at its end. */
static bool
next_word(Text *rest, Text *word)
{
	while (rest->len > 0 && *rest->p == ' ')
	{
		rest->p++;
		rest->len--;
	}
	word->p = rest->p;
	while (rest->len > 0 && *rest->p != ' ')
	{
		rest->p++;
		rest->len--;
	}
	word->len = rest->p - word->p;
	return word->len > 0;
}

static bool
has_word(Text text, Text word)
{
	Text other;

	while (next_word(&text, &other))
		if ((other.len == word.len && memcmp(other.p, word.p, word.len) == 0) ||
			(other.len > 4 && word.len > 4 && distance(other, word, 1) <= 1))
			return true;
	return false;
}

/* Remove words from a text, in place; returns its new length. */
size_t
link_leave_out_words(char *text, size_t len, const char *words, size_t words_len)
{
	Text rest = {text, len};
	Text word;
	size_t kept = 0;

	while (next_word(&rest, &word))
	{
		Text others = {words, words_len};
		Text other;
		bool is_there = false;

		while (!is_there && next_word(&others, &other))
			is_there = other.len == word.len && memcmp(other.p, word.p, word.len) == 0;
		if (is_there)
			continue;
		if (kept > 0)
			text[kept++] = ' ';
		memmove(text + kept, word.p, word.len);
		kept += word.len;
	}
	return kept;
}

/* How many of a's words b has too, and how many a has. */
static int
common_words(Text a, Text b, int *words)
{
	Text word;
	int common = 0;

	*words = 0;
	while (next_word(&a, &word))
	{
		(*words)++;
		if (has_word(b, word))
			common++;
	}
	return common;
}

static int
compare_text(Text a, Text b)
{
	double alike = similarity_jaro_winkler(a.p, a.len, b.p, b.len);
	int words_a;
	int words_b;
	int common;

	if (alike >= 0.95 || is_slip(a, b))
		return 1;
	if (alike >= 0.88)
		return 2;
	common = common_words(a, b, &words_a);
	if (common > 0 && (common == words_a || common_words(b, a, &words_b) == words_b))
		return 2;
	if (common > 0)
		return 3;
	return alike >= 0.75 ? 4 : 5;
}

/* ------------------------------------------------------- parts of places */

static int
part_of_postcode(PlacePostcode part)
{
	return part == PLACE_SECTOR   ? SAME_SECTOR :
		   part == PLACE_DISTRICT ? SAME_DISTRICT :
		   part == PLACE_AREA     ? SAME_AREA :
									OTHER_AREA;
}

/* The level at which a value agrees with itself: 0, or that of the part of a place which it is. */
int
link_own_level(LinkKind kind, const char *value, size_t len)
{
	if (kind == LINK_POSTCODE && place_postcode(value, len) != PLACE_UNIT)
		return part_of_postcode(place_postcode(value, len));
	if (kind == LINK_ADDRESS && place_address(value, len) != PLACE_HOUSE)
		return WORD_IN_COMMON;
	return 0;
}

/*
 * The level of two values, one of which is a part of a place: that of the part
 * that both have.  If one of two addresses lacks the house, it is the level of
 * the name of a street or village.
 */
static int
compare_parts(LinkKind kind, Text a, Text b)
{
	if (kind == LINK_POSTCODE)
		return part_of_postcode(place_postcode_in_common(a.p, a.len, b.p, b.len));
	if (place_addresses_share_name(a.p, a.len, b.p, b.len))
		return WORD_IN_COMMON;
	return place_names_street(a.p, a.len) && place_names_street(b.p, b.len) ? OTHER_TEXT : NO_WORD_IN_COMMON;
}

/* The level at which two different values of a kind agree, neither of which is a part of a place. */
int
link_compare_whole(LinkKind kind, const char *a, size_t alen, const char *b, size_t blen)
{
	Text x = {a, alen};
	Text y = {b, blen};

	switch (kind)
	{
		case LINK_NAME:
			return compare_name(x, y);
		case LINK_DATE:
			return compare_date(x, y);
		case LINK_POSTCODE:
			return compare_postcode(x, y);
		case LINK_EMAIL:
			return compare_email(x, y);
		case LINK_TEXT:
		case LINK_ADDRESS:
			return compare_text(x, y);
		case LINK_IDENTIFIER:
			return distance(x, y, 2) <= 2 ? distance(x, y, 2) : 3;
		case LINK_NUMBER:
			return distance(x, y, 1) <= 1 ? 1 : 2;
		case LINK_CATEGORY:
			break;
	}
	return 1;
}

/* The level at which two values of a kind agree. */
int
link_compare(LinkKind kind, const char *a, size_t alen, const char *b, size_t blen)
{
	Text x = {a, alen};
	Text y = {b, blen};

	if (alen == blen && memcmp(a, b, alen) == 0)
		return link_own_level(kind, a, alen);
	if (link_own_level(kind, a, alen) != 0 || link_own_level(kind, b, blen) != 0)
		return compare_parts(kind, x, y);
	return link_compare_whole(kind, a, alen, b, blen);
}
