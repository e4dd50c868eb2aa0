/*-------------------------------------------------------------------------
 * filler.c
 *	  Values that stand for "not known": the shipped list.
 *
 * A value is folded first: lower case without accents, one blank for whatever
 * is between words; postcodes, references and handsets without blanks.  It is a
 * filler if it is one of the phrases, if all its words are filler words, or by
 * the rules of its kind: a date that systems enter if there is none, an invalid
 * handset number, an e-mail address made of filler words.
 *-------------------------------------------------------------------------
 */
#include "core/identity/filler.h"

#include <stdint.h>
#include <string.h>

#include "core/identity/filler_list.h"
#include "core/identity/similarity.h"

static const char *const kind_names[FILLER_KINDS] = {
	"name", "given_name", "family_name", "date", "address", "postcode",
	"email", "identifier", "imei", "number", "text", "category"};

/* Which entries of the list apply to a kind, besides those for every kind */
static const unsigned kind_masks[FILLER_KINDS] = {
	[FILLER_NAME] = FILLER_IN_NAME,
	[FILLER_GIVEN_NAME] = FILLER_IN_NAME,
	[FILLER_FAMILY_NAME] = FILLER_IN_NAME,
	[FILLER_ADDRESS] = FILLER_IN_ADDRESS,
	[FILLER_POSTCODE] = FILLER_IN_POSTCODE,
	[FILLER_EMAIL] = FILLER_IN_EMAIL,
	[FILLER_IDENTIFIER] = FILLER_IN_IDENTIFIER,
	[FILLER_IMEI] = FILLER_IN_IDENTIFIER};

const char *
filler_kind_name(FillerKind kind)
{
	return kind_names[kind];
}

bool
filler_kind_of(const char *name, size_t len, FillerKind *kind)
{
	for (size_t i = 0; i < FILLER_KINDS; i++)
		if (strlen(kind_names[i]) == len && memcmp(kind_names[i], name, len) == 0)
		{
			*kind = (FillerKind) i;
			return true;
		}
	return false;
}

/* --------------------------------------------------------------- folding */

static size_t
without_blanks(char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		if (text[i] != ' ')
			text[n++] = text[i];
	return n;
}

/* Lower case, without the blanks, quotes and brackets of "Kelia" <kelia@example.com> */
static size_t
fold_email(const char *raw, size_t len, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
	{
		unsigned char c = raw[i];

		if (c <= ' ' || c == '"' || c == '\'' || c == '<' || c == '>' || c == '(' || c == ')' || c == '[' || c == ']' || c == ';' || c == ',')
			continue;
		if (c == 0xE2 && i + 2 < len && (unsigned char) raw[i + 1] == 0x80 && (unsigned char) raw[i + 2] >= 0x8B &&
			(unsigned char) raw[i + 2] <= 0x8F)
		{
			i += 2; /* an invisible blank */
			continue;
		}
		out[n++] = to_lower((char) c);
	}
	if (n > 7 && memcmp(out, "mailto:", 7) == 0)
	{
		n -= 7;
		memmove(out, out + 7, n);
	}
	return n;
}

/*
 * filler_fold
 *		The form of a value that is compared with others of its kind, in
 *		FILLER_FOLD_SIZE bytes.  Returns its length, 0 for a value that is too
 *		long or has only signs.
 */
size_t
filler_fold(FillerKind kind, const char *raw, size_t len, char *out)
{
	size_t n;

	if (len > FILLER_MAX_VALUE)
		return 0;
	if (kind == FILLER_EMAIL)
		return fold_email(raw, len, out);
	n = similarity_name_key(raw, len, out, FILLER_FOLD_SIZE);
	if (kind == FILLER_POSTCODE || kind == FILLER_IDENTIFIER || kind == FILLER_IMEI || kind == FILLER_NUMBER)
		n = without_blanks(out, n);
	return kind == FILLER_DATE ? filler_fold_date_text(out, n) : n;
}

FillerText
filler_fold_into(FillerKind kind, const char *raw, size_t len, char *room)
{
	FillerText text = {room, filler_fold(kind, raw, len, room)};

	return text;
}

/* ----------------------------------------------------------------- words */

/* What the list has for a text, 0 for nothing. */
static unsigned
find_entry(const FillerEntry *list, size_t n, FillerText text)
{
	size_t low = 0;
	size_t high = n;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;
		const char *entry = list[middle].text;
		int order = strncmp(text.p, entry, text.len);

		if (order == 0 && entry[text.len] == '\0')
			return list[middle].mask;
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

static bool
next_word(FillerText *rest, FillerText *word)
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

/* What the words of a value are like */
typedef enum Words
{
	OTHER_WORDS, /* at least one word that is not in our lists */
	JOINING_WORDS, /* no word that means "not known" by itself */
	TITLE_WORDS, /* only titles */
	DOUBTFUL_WORDS, /* which are names too, with titles or without */
	FILLER_WORDS
} Words;

/* Two single letters that mean "not known", as in "Mrs N/K": takes the second too. */
static bool
take_pair(FillerText *rest, const FillerText *word)
{
	FillerText pair = {word->p, 3};

	if (word->len != 1 || rest->len < 2 || rest->p[0] != ' ' || (rest->len > 2 && rest->p[2] != ' '))
		return false;
	if ((find_entry(filler_phrases, filler_phrases_count, pair) & FILLER_IN_ALL) == 0)
		return false;
	rest->p += 2;
	rest->len -= 2;
	return true;
}

static Words
words_of(FillerText text, unsigned mask, unsigned doubtful, bool numbers_join)
{
	Words found = JOINING_WORDS;
	FillerText word;

	mask |= FILLER_IN_ALL;
	while (next_word(&text, &word))
	{
		unsigned entry;
		Words is;

		if (take_pair(&text, &word))
		{
			found = FILLER_WORDS;
			continue;
		}
		entry = find_entry(filler_words, filler_words_count, word);
		is = entry & doubtful     ? DOUBTFUL_WORDS :
			 entry & FILLER_TITLE ? TITLE_WORDS :
									FILLER_WORDS;
		if (numbers_join && has_only(word, is_digit))
			continue;
		if ((entry & mask) == 0)
		{
			if (entry & FILLER_JOINS)
				continue;
			return OTHER_WORDS;
		}
		if (is > found)
			found = is;
	}
	return found;
}

static bool
is_phrase(FillerText text, unsigned mask)
{
	return (find_entry(filler_phrases, filler_phrases_count, text) & (mask | FILLER_IN_ALL)) != 0;
}

/* Judge by words and phrases only. */
FillerVerdict
filler_judge_words(FillerText text, unsigned mask)
{
	if (text.len == 0 || is_phrase(text, mask) || words_of(text, mask, 0, false) > JOINING_WORDS)
		return FILLER_CERTAIN;
	return FILLER_NOT;
}

/* --------------------------------------------------------- quick answers */

/*
 * Nearly all values are real, and each new contact has some.  So the first
 * word is looked up by its first three letters and its length in a table of
 * bits, before anything is folded.  The table is made from the lists.
 */
#define START_BITS 16384

static uint64_t starts[START_BITS / 64];
static bool starts_made = false;

static size_t
start_bit(const char *word, size_t len)
{
	size_t hash = len < 15 ? len : 15;

	for (size_t i = 0; i < 3; i++)
		hash = hash * 37 + (i < len ? (unsigned char) word[i] | 0x20 : 0);
	return hash % START_BITS;
}

static void
add_starts(const FillerEntry *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		size_t bit = start_bit(list[i].text, strcspn(list[i].text, " "));

		starts[bit / 64] |= UINT64_C(1) << bit % 64;
	}
}

/*
 * Whether a value may start with a word of the lists.  Values that do not
 * start with plain letters are checked in full.
 */
static bool
may_start(const char *raw, size_t len)
{
	size_t bit;
	size_t n = 0;

	if (!starts_made)
	{
		add_starts(filler_words, filler_words_count);
		add_starts(filler_phrases, filler_phrases_count);
		starts_made = true;
	}
	while (n < len && is_letter(raw[n]))
		n++;
	if (n < 2 || (raw[0] | 0x20) == (raw[1] | 0x20) || (n < len && raw[n] != ' ' && raw[n] != ',' && raw[n] != '-' && raw[n] != '/'))
		return true;
	bit = start_bit(raw, n);
	return (starts[bit / 64] >> bit % 64 & 1) != 0;
}

/* ----------------------------------------------------------------- names */

/* A value that is too long to be a filler has an empty fold; a real one must not look like a sign. */
static bool
is_too_long(size_t len)
{
	return len > FILLER_MAX_VALUE;
}

/* Judge one name by itself; doubtful: the flags of words that are names too. */
static FillerVerdict
judge_name(FillerText text, unsigned doubtful)
{
	if (has_no_letter(text) || is_phrase(text, FILLER_IN_NAME) || (is_repeated(text, 3) && is_lower(text.p[0])))
		return FILLER_CERTAIN;
	switch (words_of(text, FILLER_IN_NAME, doubtful, true))
	{
		case FILLER_WORDS:
		case TITLE_WORDS:
			return FILLER_CERTAIN;
		case DOUBTFUL_WORDS:
			return FILLER_LIKELY;
		default:
			return FILLER_NOT;
	}
}

/* A name beside a real one: a word that may be either is a name. */
static FillerVerdict
judge_beside_real(const char *raw, size_t len, unsigned doubtful)
{
	char room[FILLER_FOLD_SIZE];
	FillerVerdict verdict;

	if (len == 0 || is_too_long(len) || !may_start(raw, len))
		return FILLER_NOT;
	verdict = judge_name(filler_fold_into(FILLER_NAME, raw, len, room), doubtful);
	return verdict == FILLER_LIKELY ? FILLER_NOT : verdict;
}

/*
 * filler_judge_names
 *		Which of two names are fillers.  Both are read together first, because
 *		"not" "known" or "member of" "public" would pass as names by themselves.
 *		A word that is also a name, such as Null or Test, is a name if the other
 *		name is real.
 */
void
filler_judge_names(const char *given, size_t given_len, const char *family, size_t family_len,
				   FillerVerdict *given_verdict, FillerVerdict *family_verdict)
{
	char room[2 * FILLER_FOLD_SIZE + 1];
	char *second;
	FillerText names[2];
	FillerText both;

	*given_verdict = FILLER_NOT;
	*family_verdict = FILLER_NOT;
	/* if a name is real, the two are not a filler together */
	if (given_len > 0 && (is_too_long(given_len) || !may_start(given, given_len)))
	{
		*family_verdict = judge_beside_real(family, family_len, FILLER_SURNAME);
		return;
	}
	if (family_len > 0 && is_too_long(family_len))
	{
		*given_verdict = judge_beside_real(given, given_len, FILLER_FORENAME);
		return;
	}
	names[0] = filler_fold_into(FILLER_NAME, given, given_len, room);
	second = room + names[0].len;
	*second++ = ' ';
	names[1] = filler_fold_into(FILLER_NAME, family, family_len, second);
	both.p = room;
	both.len = names[0].len + 1 + names[1].len;
	if (family_len > 0 && !may_start(family, family_len) && !is_phrase(both, FILLER_IN_NAME))
	{
		*given_verdict = judge_beside_real(given, given_len, FILLER_FORENAME);
		return;
	}
	if (given_len > 0)
		*given_verdict = judge_name(names[0], FILLER_FORENAME);
	if (family_len > 0)
		*family_verdict = judge_name(names[1], FILLER_SURNAME);
	if (given_len == 0 || family_len == 0)
		return;
	if (*given_verdict == FILLER_CERTAIN && *family_verdict == FILLER_CERTAIN)
		return;
	/* systems fill columns with the same word twice: that is not a name */
	if ((names[0].len == names[1].len && memcmp(names[0].p, names[1].p, names[0].len) == 0 &&
		 *given_verdict != FILLER_NOT && *family_verdict != FILLER_NOT) ||
		is_phrase(both, FILLER_IN_NAME) ||
		words_of(both, FILLER_IN_NAME, FILLER_SURNAME | FILLER_FORENAME, true) == FILLER_WORDS)
	{
		*given_verdict = FILLER_CERTAIN;
		*family_verdict = FILLER_CERTAIN;
		return;
	}
	if (*given_verdict == FILLER_LIKELY && *family_verdict == FILLER_NOT)
		*given_verdict = FILLER_NOT;
	else if (*family_verdict == FILLER_LIKELY && *given_verdict == FILLER_NOT)
		*family_verdict = FILLER_NOT;
}

/* ------------------------------------------------------------- any value */

/* Values of the usual form, at a glance. */
static bool
is_plainly_real(FillerKind kind, const char *raw, size_t len)
{
	size_t i = 0;

	switch (kind)
	{
		case FILLER_ADDRESS:
			/* a house number and something else */
			while (i < len && is_digit(raw[i]))
				i++;
			if (i > 0)
				return i + 1 < len && raw[i] == ' ' && is_letter(raw[i + 1]);
			return !may_start(raw, len);
		case FILLER_POSTCODE:
			/* letters that no filler starts with, and a digit */
			if (len < 5 || !is_letter(raw[0]) || strchr("anpuxz", raw[0] | 0x20) != NULL)
				return false;
			i = is_letter(raw[1]) ? 2 : 1;
			return is_digit(raw[i]);
		default:
			return false;
	}
}

/*
 * filler_judge
 *		Whether a value of a kind is a filler.  A name is judged without another
 *		beside it; see filler_judge_names().
 */
FillerVerdict
filler_judge(FillerKind kind, const char *raw, size_t len)
{
	char room[FILLER_FOLD_SIZE];
	char spaced[FILLER_FOLD_SIZE];
	FillerVerdict verdict = FILLER_NOT;
	FillerVerdict other;
	FillerText text;
	FillerText words;

	if (is_too_long(len) || is_plainly_real(kind, raw, len))
		return FILLER_NOT;
	text = filler_fold_into(kind == FILLER_DATE ? FILLER_TEXT : kind, raw, len, room);
	switch (kind)
	{
		case FILLER_GIVEN_NAME:
			filler_judge_names(raw, len, NULL, 0, &verdict, &other);
			return verdict;
		case FILLER_NAME:
		case FILLER_FAMILY_NAME:
			filler_judge_names(NULL, 0, raw, len, &other, &verdict);
			return verdict;
		case FILLER_DATE:
			return filler_judge_date_text(text);
		case FILLER_EMAIL:
			return filler_judge_email(text, raw, len);
		case FILLER_ADDRESS:
			if (has_no_letter(text) || (is_repeated(text, 2) && is_lower(text.p[0])))
				return FILLER_CERTAIN;
			break;
		case FILLER_TEXT:
			if (is_repeated(text, text.len > 0 && is_lower(text.p[0]) ? 3 : 1) && (text.p[0] == '0' || is_lower(text.p[0])))
				return FILLER_CERTAIN;
			break;
		case FILLER_CATEGORY:
			if (text.len == 1)
				return FILLER_NOT;
			break;
		case FILLER_POSTCODE:
			verdict = filler_judge_postcode(text);
			break;
		case FILLER_IDENTIFIER:
			verdict = filler_judge_identifier(text, raw, len);
			break;
		case FILLER_IMEI:
			verdict = filler_judge_imei(text, raw, len);
			break;
		case FILLER_NUMBER:
			verdict = is_repeated(text, 1) && !is_lower(text.p[0]) ? FILLER_CERTAIN : FILLER_NOT;
			break;
	}
	if (verdict != FILLER_NOT)
		return verdict;
	words = filler_fold_into(FILLER_TEXT, raw, len, spaced);
	return filler_judge_words(words, kind_masks[kind]);
}

/* --------------------------------------------------------------- listing */

static const char *
meaning_of(unsigned mask)
{
	if (mask & FILLER_TITLE)
		return "title";
	if ((mask & FILLER_SURNAME) && (mask & FILLER_FORENAME))
		return "word that is a name too";
	if (mask & FILLER_SURNAME)
		return "word that is a family name too";
	if (mask & FILLER_FORENAME)
		return "word that is a given name too";
	return "word";
}

static void
list_entry(const FillerEntry *entry, const char *meaning, FillerPut put, void *arg)
{
	static const struct
	{
		unsigned mask;
		const char *kind;
	} kinds[] = {
		{FILLER_IN_ALL, "any"},
		{FILLER_IN_NAME, "name"},
		{FILLER_IN_ADDRESS, "address"},
		{FILLER_IN_POSTCODE, "postcode"},
		{FILLER_IN_EMAIL, "email"},
		{FILLER_IN_IDENTIFIER, "identifier"}};

	for (size_t i = 0; i < lengthof(kinds) && (i == 0 || !(entry->mask & FILLER_IN_ALL)); i++)
		if (entry->mask & kinds[i].mask)
			put(arg, kinds[i].kind, entry->text, meaning);
}

/*
 * filler_list
 *		Every entry of the shipped list, with the kind of detail whose values it
 *		acts on, or "any".  Rules that are not lists have no row.
 */
void
filler_list(FillerPut put, void *arg)
{
	for (size_t i = 0; i < filler_words_count; i++)
	{
		const FillerEntry *word = &filler_words[i];

		if (word->mask & FILLER_JOINS)
			put(arg, "any", word->text, "word, together with others");
		list_entry(word, meaning_of(word->mask), put, arg);
	}
	for (size_t i = 0; i < filler_phrases_count; i++)
		list_entry(&filler_phrases[i], "whole value", put, arg);
	filler_list_values(put, arg);
}
