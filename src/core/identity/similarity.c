/*-------------------------------------------------------------------------
 * similarity.c
 *	  Comparisons of names, dates and postcodes for record linkage.
 *
 * A linkage run compares millions of pairs of short strings.  So texts of up
 * to 64 characters, which is every name, are compared with bit masks: one
 * 64-bit word holds all places at which a character stands.  Texts that are
 * not ASCII are first given a one-byte alphabet of their own, which 64 + 64
 * characters always fit in.  Longer texts take the plain way.
 *-------------------------------------------------------------------------
 */
#include <stdint.h>
#include <string.h>

#include "core/identity/similarity.h"

#include "core/text.h"

/* Bits of a mask, and so the longest text that is compared with masks. */
#define SHORT_TEXT 64

/* Beyond Unicode: the code of a byte that is not valid UTF-8. */

/* Winkler (1990): each of the first characters in common, up to four, counts. */
#define MAX_PREFIX 4
#define PREFIX_WEIGHT 0.1

static size_t
smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t
larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* ------------------------------------------------------------ characters */

static bool
is_ascii(const char *text, size_t len)
{
	uint64_t word;
	uint64_t seen = 0;

	for (; len >= sizeof(word); text += sizeof(word), len -= sizeof(word))
	{
		memcpy(&word, text, sizeof(word));
		seen |= word;
	}
	while (len > 0)
		seen |= (unsigned char) text[--len];
	return (seen & UINT64_C(0x8080808080808080)) == 0;
}

/* The first characters of a text, as many as there is room for. */
static size_t
decode_text(const char *text, size_t len, uint32_t *codes, size_t max)
{
	size_t n = 0;

	while (len > 0 && n < max)
	{
		size_t width = text_decode(text, len, &codes[n++]);

		text += width;
		len -= width;
	}
	return n;
}

/* Two texts of up to 64 characters, with one byte for each character. */
typedef struct ShortPair
{
	const uint8_t *a;
	const uint8_t *b;
	size_t alen;
	size_t blen;
	uint8_t a_room[SHORT_TEXT];
	uint8_t b_room[SHORT_TEXT];
	uint32_t others[2 * SHORT_TEXT]; /* characters that are not ASCII */
	size_t nothers;
} ShortPair;

/* The byte for a character: ASCII itself, other characters in order of appearance. */
static uint8_t
symbol(ShortPair *pair, uint32_t code)
{
	size_t i = 0;

	if (code < 0x80)
		return (uint8_t) code;
	while (i < pair->nothers && pair->others[i] != code)
		i++;
	if (i == pair->nothers)
		pair->others[pair->nothers++] = code;
	return (uint8_t) (0x80 + i);
}

/* False if the text has more than SHORT_TEXT characters. */
static bool
spell(ShortPair *pair, const char *text, size_t len, uint8_t *room, size_t *n)
{
	*n = 0;
	while (len > 0)
	{
		uint32_t code;
		size_t width = text_decode(text, len, &code);

		if (*n == SHORT_TEXT)
			return false;
		room[(*n)++] = symbol(pair, code);
		text += width;
		len -= width;
	}
	return true;
}

/* False if one of the texts is not short. */
static bool
make_short_pair(ShortPair *pair, const char *a, size_t alen, const char *b, size_t blen)
{
	if (alen <= SHORT_TEXT && blen <= SHORT_TEXT && is_ascii(a, alen) && is_ascii(b, blen))
	{
		pair->a = (const uint8_t *) a;
		pair->b = (const uint8_t *) b;
		pair->alen = alen;
		pair->blen = blen;
		return true;
	}
	if (alen > 4 * SHORT_TEXT || blen > 4 * SHORT_TEXT)
		return false;
	pair->nothers = 0;
	pair->a = pair->a_room;
	pair->b = pair->b_room;
	return spell(pair, a, alen, pair->a_room, &pair->alen) &&
		   spell(pair, b, blen, pair->b_room, &pair->blen);
}

/*
 * The places of each character of b, as bits.  Only those of characters that
 * stand in a or b are set: clearing all would take longer than the comparison.
 */
static void
find_places(uint64_t *places, const uint8_t *a, size_t alen, const uint8_t *b, size_t blen)
{
	for (size_t i = 0; i < alen; i++)
		places[a[i]] = 0;
	for (size_t j = 0; j < blen; j++)
		places[b[j]] = 0;
	for (size_t j = 0; j < blen; j++)
		places[b[j]] |= UINT64_C(1) << j;
}

/* ---------------------------------------------------------- Jaro-Winkler */

/* How far from its own place a character is searched. */
static size_t
jaro_reach(size_t alen, size_t blen)
{
	size_t half = larger(alen, blen) / 2;

	return half > 0 ? half - 1 : 0;
}

/*
 * Jaro (1989) and Winkler's bonus, from the counts.  If an odd number of
 * characters are out of order, one of them is not counted, as in Winkler's own
 * program.  The bonus is always given, as in Winkler (1990); later programs
 * give it only from a similarity of 0.7 up.
 */
static double
jaro_winkler_score(size_t alen, size_t blen, size_t matched, size_t out_of_order, size_t prefix)
{
	double m = (double) matched;
	double jaro;

	if (matched == 0)
		return 0.0;
	jaro = (m / (double) alen + m / (double) blen + (m - (double) (out_of_order / 2)) / m) / 3.0;
	return jaro + (double) prefix * PREFIX_WEIGHT * (1.0 - jaro);
}

static double
jaro_winkler_short(const ShortPair *pair)
{
	uint64_t places[256];
	size_t reach = jaro_reach(pair->alen, pair->blen);
	uint64_t window = (UINT64_C(2) << reach) - 1; /* places of b within reach */
	uint64_t a_matched = 0;
	uint64_t b_matched = 0;
	size_t matched = 0;
	size_t out_of_order = 0;
	size_t prefix = 0;

	find_places(places, pair->a, pair->alen, pair->b, pair->blen);
	for (size_t i = 0; i < pair->alen; i++)
	{
		uint64_t found = places[pair->a[i]] & window & ~b_matched;

		b_matched |= found & (~found + 1); /* the first of them */
		a_matched |= (uint64_t) (found != 0) << i;
		window = window << 1 | (i < reach);
	}
	while (a_matched != 0)
	{
		matched++;
		out_of_order += pair->a[__builtin_ctzll(a_matched)] != pair->b[__builtin_ctzll(b_matched)];
		a_matched &= a_matched - 1;
		b_matched &= b_matched - 1;
	}
	while (prefix < MAX_PREFIX && prefix < smaller(pair->alen, pair->blen) &&
		   pair->a[prefix] == pair->b[prefix])
		prefix++;
	return jaro_winkler_score(pair->alen, pair->blen, matched, out_of_order, prefix);
}

static double
jaro_winkler_long(const char *a_text, size_t a_bytes, const char *b_text, size_t b_bytes)
{
	uint32_t a[SIMILARITY_MAX_JARO];
	uint32_t b[SIMILARITY_MAX_JARO];
	uint32_t a_matched[SIMILARITY_MAX_JARO]; /* the characters, in order */
	bool b_matched[SIMILARITY_MAX_JARO] = {false}; /* by place */
	size_t alen = decode_text(a_text, a_bytes, a, SIMILARITY_MAX_JARO);
	size_t blen = decode_text(b_text, b_bytes, b, SIMILARITY_MAX_JARO);
	size_t reach = jaro_reach(alen, blen);
	size_t matched = 0;
	size_t out_of_order = 0;
	size_t prefix = 0;

	for (size_t i = 0; i < alen; i++)
	{
		size_t end = smaller(i + reach + 1, blen);
		size_t j = i > reach ? i - reach : 0;

		while (j < end && (a[i] != b[j] || b_matched[j]))
			j++;
		if (j >= end)
			continue;
		b_matched[j] = true;
		a_matched[matched++] = a[i];
	}
	for (size_t i = 0, j = 0; i < matched; i++)
	{
		while (!b_matched[j])
			j++;
		out_of_order += a_matched[i] != b[j++];
	}
	while (prefix < MAX_PREFIX && prefix < smaller(alen, blen) && a[prefix] == b[prefix])
		prefix++;
	return jaro_winkler_score(alen, blen, matched, out_of_order, prefix);
}

/*
 * similarity_jaro_winkler
 *		From 0, nothing in common, to 1, the same; two empty texts are the same.
 *		The first SIMILARITY_MAX_JARO characters are compared.
 */
double
similarity_jaro_winkler(const char *a, size_t alen, const char *b, size_t blen)
{
	ShortPair pair;

	if (alen == 0 || blen == 0)
		return alen == blen ? 1.0 : 0.0;
	if (alen == blen && memcmp(a, b, alen) == 0)
		return 1.0;
	if (make_short_pair(&pair, a, alen, b, blen))
		return jaro_winkler_short(&pair);
	return jaro_winkler_long(a, alen, b, blen);
}

/* --------------------------------------------------- Damerau-Levenshtein */

/*
 * The distance by Hyyrö's bit-parallel algorithm (A bit-vector algorithm for
 * computing Levenshtein and Damerau edit distances, 2003): the masks hold how
 * one column of the table of distances differs from cell to cell.
 */
static size_t
edits_short(const uint8_t *a, size_t alen, const uint8_t *b, size_t blen, size_t limit)
{
	uint64_t places[256];
	uint64_t last = UINT64_C(1) << (blen - 1);
	uint64_t up = ~UINT64_C(0); /* cells one more than that above them */
	uint64_t down = 0; /* and one less */
	uint64_t diagonal = 0; /* cells the same as that above left */
	uint64_t before = 0;
	size_t distance = blen;

	find_places(places, a, alen, b, blen);
	for (size_t i = 0; i < alen; i++)
	{
		uint64_t here = places[a[i]];
		uint64_t swapped = ((~diagonal & here) << 1) & before;
		uint64_t more;
		uint64_t less;

		diagonal = (((here & up) + up) ^ up) | here | down | swapped;
		more = down | ~(diagonal | up);
		less = diagonal & up;
		distance += (more & last) != 0;
		distance -= (less & last) != 0;
		if (distance > limit + (alen - 1 - i))
			return limit + 1;
		more = more << 1 | 1;
		up = less << 1 | ~(diagonal | more);
		down = more & diagonal;
		before = here;
	}
	return distance;
}

static size_t
edit_short_pair(const ShortPair *pair, size_t limit)
{
	const uint8_t *a = pair->a;
	const uint8_t *b = pair->b;
	size_t alen = pair->alen;
	size_t blen = pair->blen;

	/* a common start or end changes nothing */
	while (alen > 0 && blen > 0 && a[alen - 1] == b[blen - 1])
	{
		alen--;
		blen--;
	}
	while (alen > 0 && blen > 0 && *a == *b)
	{
		a++;
		b++;
		alen--;
		blen--;
	}
	if (larger(alen, blen) - smaller(alen, blen) > limit)
		return limit + 1;
	if (alen == 0 || blen == 0)
		return larger(alen, blen);
	if (alen < blen)
		return edits_short(a, alen, b, blen, limit);
	return edits_short(b, blen, a, alen, limit);
}

/* The table of distances, of which three rows are kept: row i is i % 3. */
typedef struct EditTable
{
	uint32_t a[SIMILARITY_MAX_EDIT];
	uint32_t b[SIMILARITY_MAX_EDIT];
	size_t alen;
	size_t blen;
	uint16_t rows[3][SIMILARITY_MAX_EDIT + 1];
} EditTable;

/*
 * The part of row i that lies at most limit from the diagonal; beyond it, the
 * distance is more than limit.  Returns the least of the row.
 */
static size_t
edit_row(EditTable *table, size_t i, size_t limit)
{
	const uint32_t *a = table->a + i - 1; /* the row's character */
	uint16_t *row = table->rows[i % 3];
	const uint16_t *above = table->rows[(i + 2) % 3];
	const uint16_t *two_above = table->rows[(i + 1) % 3];
	size_t first = i > limit ? i - limit : 1;
	size_t end = smaller(i + limit, table->blen);
	size_t least = first == 1 ? i : limit + 1;

	row[first - 1] = (uint16_t) least;
	for (size_t j = first; j <= end; j++)
	{
		const uint32_t *b = table->b + j - 1;
		size_t best = above[j - 1] + (size_t) (*a != *b);

		best = smaller(best, (size_t) smaller(above[j], row[j - 1]) + 1);
		if (i > 1 && j > 1 && *a == b[-1] && a[-1] == *b)
			best = smaller(best, (size_t) two_above[j - 2] + 1);
		row[j] = (uint16_t) best;
		least = smaller(least, best);
	}
	if (end < table->blen)
		row[end + 1] = (uint16_t) (limit + 1);
	return least;
}

static size_t
edit_long(const char *a, size_t a_bytes, const char *b, size_t b_bytes, size_t limit)
{
	EditTable table;
	size_t least_before = 0;

	table.alen = decode_text(a, a_bytes, table.a, SIMILARITY_MAX_EDIT);
	table.blen = decode_text(b, b_bytes, table.b, SIMILARITY_MAX_EDIT);
	if (larger(table.alen, table.blen) - smaller(table.alen, table.blen) > limit)
		return limit + 1;
	for (size_t j = 0; j <= table.blen; j++)
		table.rows[0][j] = (uint16_t) j;
	for (size_t i = 1; i <= table.alen; i++)
	{
		size_t least = edit_row(&table, i, limit);

		/* a swap reaches back two rows */
		if (least > limit && least_before > limit)
			return limit + 1;
		least_before = least;
	}
	return smaller(table.rows[table.alen % 3][table.blen], limit + 1);
}

/*
 * similarity_damerau_levenshtein
 *		How many insertions, deletions, replacements and swaps of neighbours
 *		turn one text into the other, if no character is changed twice (the
 *		optimal string alignment distance).  If that is more than limit, limit +
 *		1; a negative limit means no limit.  The first SIMILARITY_MAX_EDIT
 *		characters are compared.
 */
int
similarity_damerau_levenshtein(const char *a, size_t alen, const char *b, size_t blen, int limit)
{
	size_t most = SIMILARITY_MAX_EDIT; /* no distance is longer */
	ShortPair pair;

	if (limit >= 0 && limit < SIMILARITY_MAX_EDIT)
		most = (size_t) limit;
	if (alen == blen && (alen == 0 || memcmp(a, b, alen) == 0))
		return 0;
	if (make_short_pair(&pair, a, alen, b, blen))
		return (int) edit_short_pair(&pair, most);
	return (int) edit_long(a, alen, b, blen, most);
}

/* ----------------------------------------------------------------- names */

/* The results of fold() besides lower-case ASCII. */
#define DROPPED '-'
#define KEPT '.'
#define BETWEEN ' '

/*
 * The base letters of Latin letters; a capital stands for two, see
 * put_folded().
 */
static const char latin[] =
	"          a  -    23-.   1o     aaaaaaAceeeeiiii" /* U+00A0 */
	"dnooooo ouuuuyHSaaaaaaAceeeeiiiidnooooo ouuuuyHy" /* U+00D0 */
	"aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiii" /* U+0100 */
	"iiIIjjkkkllllllllllnnnnnnnnnooooooOOrrrrrrssssss" /* U+0130 */
	"ssttttttuuuuuuuuuuuuwwyyyzzzzzzsbbbb..occdddd.ea" /* U+0160 */
	"effg...ikkl..nnooo..pp.....ttttuu.vyyzz........." /* U+0190 */
	"....ZZZLLLNNNaaiioouuuuuuuuuueaaaaAAggggkkoooo.." /* U+01C0 */
	"jZZZgg..nnaaAAooaaaaeeeeiiiioooorrrruuuusstt..hh" /* U+01F0 */
	"nd..zzaaeeooooooooyylntj..accltsz..b..eejj.qrryy"; /* U+0220 */

static const char more_latin[] =
	"aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm" /* U+1E00 */
	"mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv" /* U+1E40 */
	"wwwwwwwwwwxxxxyyzzzzzzhtwyasssS.aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee" /* U+1E80 */
	"eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy....yy"; /* U+1EC0 */

static char
fold_ascii(uint32_t code)
{
	if (code >= 'A' && code <= 'Z')
		return (char) (code - 'A' + 'a');
	if ((code >= 'a' && code <= 'z') || (code >= '0' && code <= '9'))
		return (char) code;
	return code == '\'' || code == '`' ? DROPPED : BETWEEN;
}

/* Blanks, dashes and signs; apostrophes, and invisible marks. */
static char
fold_punctuation(uint32_t code)
{
	if ((code >= 0x2018 && code <= 0x201B && code != 0x201A) || code == 0x2032 || code == 0x2035)
		return DROPPED;
	if ((code >= 0x200B && code <= 0x200F) || (code >= 0x202A && code <= 0x202E) ||
		(code >= 0x2060 && code <= 0x206F))
		return DROPPED;
	return BETWEEN;
}

/* A lower-case letter or digit of ASCII, a capital for two, or one of the above. */
static char
fold(uint32_t code)
{
	if (code < 0x80)
		return fold_ascii(code);
	if (code < 0xA0)
		return BETWEEN;
	if (code < 0xA0 + sizeof(latin) - 1)
		return latin[code - 0xA0];
	if (code >= 0x1E00 && code <= 0x1EFF)
		return more_latin[code - 0x1E00];
	if (code == 0x0259) /* the small letter of U+018F */
		return 'a';
	if ((code >= 0x02B9 && code <= 0x02BF) || code == 0xFEFF)
		return DROPPED; /* letters that look like apostrophes */
	if (code >= 0x0300 && code <= 0x036F)
		return DROPPED; /* marks that belong to the letter before */
	if ((code >= 0x2000 && code <= 0x206F) || code == 0x1680)
		return fold_punctuation(code);
	if (code >= 0xFF01 && code <= 0xFF5E) /* full-width ASCII */
		return fold_ascii(code - 0xFF01 + '!');
	if ((code >= 0x3000 && code <= 0x3003) || code >= NOT_UTF8)
		return BETWEEN;
	return KEPT;
}

/* A text that is being built. */
typedef struct Output
{
	char *text;
	size_t size;
	size_t len;
	bool full;
} Output;

static void
put(Output *out, const char *text, size_t len)
{
	if (out->full || out->size - out->len <= len)
	{
		out->full = true;
		return;
	}
	memcpy(out->text + out->len, text, len);
	out->len += len;
}

static void
put_folded(Output *out, char folded, const char *raw, size_t width)
{
	static const char two[] = "AaeHthIijLljNnjOoeSssZdz";

	if (folded == KEPT)
		put(out, raw, width);
	else if (folded >= 'A' && folded <= 'Z')
		put(out, strchr(two, folded) + 1, 2);
	else
		put(out, &folded, 1);
}

/*
 * similarity_name_key
 *		A name as it is compared: lower-case letters without marks, one blank
 *		between words, no apostrophes, no other signs.  Letters other than Latin
 *		stay as they are.  Returns the length of what is in out, which ends with
 *		a zero byte and, if outsize is len + 1 or more, is the whole key; else it
 *		is cut after a whole character.
 */
size_t
similarity_name_key(const char *raw, size_t len, char *out, size_t outsize)
{
	Output key = {out, outsize, 0, false};
	bool between = false; /* a blank is due before the next letter */

	if (outsize == 0)
		return 0;
	for (size_t i = 0; i < len && !key.full;)
	{
		uint32_t code;
		size_t width = text_decode(raw + i, len - i, &code);
		char folded = fold(code);

		if (folded == BETWEEN)
			between = key.len > 0;
		else if (folded != DROPPED)
		{
			if (between)
				put(&key, " ", 1);
			between = false;
			put_folded(&key, folded, raw + i, width);
		}
		i += width;
	}
	if (key.len > 0 && key.text[key.len - 1] == ' ')
		key.len--;
	key.text[key.len] = '\0';
	return key.len;
}

/* ---------------------------------------------------------------- sounds */

#define SOUND_LETTERS 4

/* What heard[] holds besides letters. */
#define VOWEL '-'
#define SILENT ' '

/* The sound of each letter.  H and W only change their neighbours; X is two sounds. */
static const char heard[] = "-bcd-fg -gclmn-pcrst-f x-s";

typedef struct Sound
{
	Output out;
	size_t letters;
	uint32_t last; /* what was heard last; VOWEL lets a letter count again */
} Sound;

/* Adds a letter; one that follows itself counts once, a digit always. */
static void
hear(Sound *sound, uint32_t code, const char *text, size_t width)
{
	bool digit = code >= '0' && code <= '9';

	if (sound->letters == SOUND_LETTERS || (code == sound->last && !digit))
		return;
	put(&sound->out, text, width);
	sound->letters++;
	sound->last = code;
}

static void
hear_ascii(Sound *sound, const char *key, size_t len)
{
	char c = *key;
	char letter;

	if (c >= '0' && c <= '9')
		hear(sound, (uint32_t) c, &c, 1);
	if (c < 'a' || c > 'z')
		return;
	letter = heard[c - 'a'];
	if (c == 'p' && len > 1 && key[1] == 'h')
		letter = 'f';
	if (sound->letters == 0 && (letter == VOWEL || letter == SILENT))
	{
		/* the first letter is always kept */
		hear(sound, (uint32_t) c, &c, 1);
		sound->last = VOWEL;
	}
	else if (letter == VOWEL)
		sound->last = VOWEL;
	else if (letter == 'x')
	{
		if (sound->letters > 0)
			hear(sound, 'c', "c", 1);
		hear(sound, 's', "s", 1);
	}
	else if (letter != SILENT)
		hear(sound, (uint32_t) letter, &letter, 1);
}

/*
 * similarity_sound
 *		How a name key sounds, roughly, in at most four letters: the first letter
 *		and the consonants after it, where c, k and q are c; g and j are g; s and
 *		z are s; f, v and ph are f; x is cs, or s at the start; and a letter that
 *		follows itself, also over h, w or a blank, counts once.  Vowels, y, h and
 *		w are kept as a first letter only.  Digits and letters other than Latin
 *		count as they are.  Returns the length of what is in out, which ends with
 *		a zero byte; outsize should be SIMILARITY_SOUND_SIZE.
 */
size_t
similarity_sound(const char *key, size_t len, char *out, size_t outsize)
{
	Sound sound = {{out, outsize, 0, false}, 0, VOWEL};

	if (outsize == 0)
		return 0;
	for (size_t i = 0; i < len && sound.letters < SOUND_LETTERS;)
	{
		uint32_t code;
		size_t width = text_decode(key + i, len - i, &code);

		if (code < 0x80)
			hear_ascii(&sound, key + i, len - i);
		else if (code < NOT_UTF8)
			hear(&sound, code, key + i, width);
		i += width;
	}
	out[sound.out.len] = '\0';
	return sound.out.len;
}

/* ------------------------------------------------------------- postcodes */

#define MAX_POSTCODE 7
#define INWARD 3

/* Blanks, dots and hyphens, those outside ASCII included. */
static bool
is_gap(uint32_t code)
{
	if (code < 0x80)
		return code != 0 && strchr(" \t\r\n\v\f.-", (int) code) != NULL;
	return code == 0xA0 || (code >= 0x2000 && code <= 0x2015) || code == 0x202F ||
		   code == 0x3000 || code == 0xFEFF;
}

/*
 * Letters in upper case and digits, without the gaps between them.  Sets where
 * the last gap was.  0 where there is anything else, or too much.
 */
static size_t
compact_postcode(const char *raw, size_t len, char *out, size_t *gap)
{
	size_t n = 0;
	size_t last_gap = 0;

	*gap = 0;
	for (size_t i = 0; i < len;)
	{
		uint32_t code;

		i += text_decode(raw + i, len - i, &code);
		if (is_gap(code))
		{
			last_gap = n;
			continue;
		}
		if (n == MAX_POSTCODE || code >= 0x80 || !(is_digit((char) code) || is_letter((char) code)))
			return 0;
		out[n++] = to_upper((char) code);
		*gap = last_gap;
	}
	return n;
}

static size_t
area_length(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && n < 2 && is_upper(text[n]))
		n++;
	return n;
}

/* A9, A99, A9A, with one letter more in front or not. */
static bool
is_district(const char *text, size_t len)
{
	size_t area = area_length(text, len);

	if (area == 0 || len < area + 1 || len > area + 2 || !is_digit(text[area]))
		return false;
	return len == area + 1 || is_upper(text[area + 1]) ||
		   (is_digit(text[area + 1]) && text[area] != '0');
}

/* 9AA, without the letters that look like others. */
static bool
is_inward(const char *text)
{
	const char *letters = "ABDEFGHJLNPQRSTUWXYZ";

	return is_digit(text[0]) && strchr(letters, text[1]) != NULL && strchr(letters, text[2]) != NULL;
}

static void
set_part(char *part, const char *text, size_t len)
{
	memcpy(part, text, len);
	part[len] = '\0';
}

/*
 * similarity_postcode_parts
 *		Splits a postcode of the United Kingdom, in any case and with blanks or
 *		hyphens anywhere; false if the text does not have the form of one.
 *		Whether it exists is not checked.  An outward code alone (SW1A) gives
 *		area and district, but not with a gap after its first digit, because SW1
 *		1 is not SW11.
 */
bool
similarity_postcode_parts(const char *raw, size_t len, PostcodeParts *parts)
{
	char text[MAX_POSTCODE] = "";
	size_t gap;
	size_t n = compact_postcode(raw, len, text, &gap);
	size_t outward = n;
	bool full = n > INWARD && is_district(text, n - INWARD) && is_inward(text + n - INWARD);

	memset(parts, 0, sizeof(*parts));
	if (full)
		outward = n - INWARD;
	else if (!is_district(text, n) || gap > area_length(text, n))
		return false;
	set_part(parts->area, text, area_length(text, outward));
	set_part(parts->district, text, outward);
	if (!full)
		return true;
	set_part(parts->unit, text, outward);
	parts->unit[outward] = ' ';
	set_part(parts->unit + outward + 1, text + outward, INWARD);
	set_part(parts->sector, parts->unit, outward + 2);
	return true;
}

/* ----------------------------------------------------------------- dates */

/* YYYYMMDD as a number, without the sign of the year. */
static uint64_t
date_digits(int year, int month, int day)
{
	uint64_t digits = year < 0 ? 0 - (uint64_t) year : (uint64_t) year;

	return digits * 10000 + (uint64_t) (month * 100 + day);
}

/* Do two numbers differ in one digit, or by a swap of two that are neighbours? */
static bool
one_digit(uint64_t a, uint64_t b)
{
	while (a != b && a % 10 == b % 10)
	{
		a /= 10;
		b /= 10;
	}
	return a / 10 == b / 10 ||
		   (a / 100 == b / 100 && a % 10 == b / 10 % 10 && b % 10 == a / 10 % 10);
}

/*
 * similarity_date_level
 *		What two dates have in common: a SimilarityDateLevel.
 */
int
similarity_date_level(int year_a, int month_a, int day_a, int year_b, int month_b, int day_b)
{
	bool year = year_a == year_b;
	bool month = month_a == month_b;
	bool day = day_a == day_b;

	if (year && month && day)
		return SIMILARITY_DATE_SAME;
	if ((year_a < 0) == (year_b < 0) &&
		one_digit(date_digits(year_a, month_a, day_a), date_digits(year_b, month_b, day_b)))
		return SIMILARITY_DATE_ONE_DIGIT;
	if (year && month_a == day_b && day_a == month_b)
		return SIMILARITY_DATE_DAY_MONTH;
	if (year + month + day == 2)
		return SIMILARITY_DATE_TWO_PARTS;
	if (year)
		return SIMILARITY_DATE_YEAR;
	if ((int64_t) year_a - year_b == 1 || (int64_t) year_b - year_a == 1)
		return SIMILARITY_DATE_NEAR;
	return SIMILARITY_DATE_DIFFERENT;
}
