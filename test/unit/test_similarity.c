/*-------------------------------------------------------------------------
 * test_similarity.c
 *	  Comparisons of names, dates and postcodes against their definitions,
 *	  written down plainly, and against published values.
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "core/identity/similarity.h"
#include "unit.h"

#define MAX_CHARACTERS 1100
#define MAX_BYTES (4 * MAX_CHARACTERS)

/* A text, as characters and as UTF-8 */
typedef struct Text
{
	size_t n;
	uint32_t codes[MAX_CHARACTERS];
	size_t len;
	char bytes[MAX_BYTES];
} Text;

static void
encode(Text *text)
{
	text->len = 0;
	for (size_t i = 0; i < text->n; i++)
	{
		uint32_t code = text->codes[i];
		int rest = (code >= 0x80) + (code >= 0x800) + (code >= 0x10000);
		static const uint8_t lead[] = {0, 0xC0, 0xE0, 0xF0};

		text->bytes[text->len++] = (char) (lead[rest] | code >> 6 * rest);
		while (rest-- > 0)
			text->bytes[text->len++] = (char) (0x80 | (code >> 6 * rest & 0x3F));
	}
}

/* Few different characters, so that texts have something in common */
static void
draw_text(Text *text, size_t max, bool ascii)
{
	static const uint32_t characters[] = {'a', 'b', 'c', 'd', 0xE9, 0x17F, 0x20AC, 0x1F4DE};
	size_t choice = ascii ? 4 : lengthof(characters);

	choice = 2 + unit_below(choice - 1);
	text->n = unit_below(max + 1);
	for (size_t i = 0; i < text->n; i++)
		text->codes[i] = characters[unit_below(choice)];
	encode(text);
}

/* The same text with a few edits */
static void
draw_variant(Text *to, const Text *from, bool ascii)
{
	*to = *from;
	for (uint64_t edits = unit_below(5); edits > 0 && to->n > 1; edits--)
	{
		size_t i = unit_below(to->n - 1);
		uint32_t code = to->codes[i];

		switch (unit_below(3))
		{
			case 0:
				to->codes[i] = ascii ? 'z' : 0x142;
				break;
			case 1:
				to->codes[i] = to->codes[i + 1];
				to->codes[i + 1] = code;
				break;
			default:
				memmove(to->codes + i, to->codes + i + 1, (to->n - i - 1) * sizeof(uint32_t));
				to->n--;
		}
	}
	encode(to);
}

static double
jaro_winkler(const char *a, const char *b)
{
	return similarity_jaro_winkler(a, strlen(a), b, strlen(b));
}

static int
edits(const char *a, const char *b)
{
	return similarity_damerau_levenshtein(a, strlen(a), b, strlen(b), -1);
}

/* ---------------------------------------------------------- Jaro-Winkler */

/* Winkler's examples, to the three digits that he prints */
static void
test_published(void)
{
	static const struct
	{
		const char *a;
		const char *b;
		double similarity;
	} pairs[] = {
		{"MARTHA", "MARHTA", 0.961},
		{"DWAYNE", "DUANE", 0.840},
		{"DIXON", "DICKSONX", 0.813},
		{"SHACKLEFORD", "SHACKELFORD", 0.982},
		{"DUNNINGHAM", "CUNNIGHAM", 0.896},
		{"NICHLESON", "NICHULSON", 0.956},
		{"JONES", "JOHNSON", 0.832},
		{"MASSEY", "MASSIE", 0.933},
		{"ABROMS", "ABRAMS", 0.922},
		{"JERALDINE", "GERALDINE", 0.926},
		{"MICHELLE", "MICHAEL", 0.921},
		{"JULIES", "JULIUS", 0.933},
		{"TANYA", "TONYA", 0.880},
		{"SEAN", "SUSAN", 0.805},
		{"JON", "JOHN", 0.933},
		{"JON", "JAN", 0.800}};

	for (size_t i = 0; i < lengthof(pairs); i++)
		MUST(fabs(jaro_winkler(pairs[i].a, pairs[i].b) - pairs[i].similarity) < 0.0006);
	MUST(jaro_winkler("", "") == 1.0);
	MUST(jaro_winkler("a", "") == 0.0);
	MUST(jaro_winkler("", "a") == 0.0);
	MUST(jaro_winkler("a", "a") == 1.0);
	MUST(jaro_winkler("a", "b") == 0.0);
	MUST(jaro_winkler("ab", "ba") == 0.0);
	MUST(similarity_jaro_winkler(NULL, 0, NULL, 0) == 1.0);
}

/* As Jaro and Winkler tell it */
static double
plain_jaro_winkler(const Text *a, const Text *b)
{
	size_t alen = a->n < SIMILARITY_MAX_JARO ? a->n : SIMILARITY_MAX_JARO;
	size_t blen = b->n < SIMILARITY_MAX_JARO ? b->n : SIMILARITY_MAX_JARO;
	long reach = (long) (alen > blen ? alen : blen) / 2 - 1;
	bool matched[2][MAX_CHARACTERS] = {{false}, {false}};
	size_t m = 0;
	size_t t = 0;
	size_t prefix = 0;
	double jaro;

	if (alen == 0 && blen == 0)
		return 1.0;
	reach = reach < 0 ? 0 : reach;
	for (long i = 0; i < (long) alen; i++)
	{
		for (long j = 0; j < (long) blen; j++)
		{
			if (labs(i - j) > reach || matched[1][j] || a->codes[i] != b->codes[j])
				continue;
			matched[0][i] = matched[1][j] = true;
			m++;
			break;
		}
	}
	if (m == 0)
		return 0.0;
	for (size_t i = 0, j = 0; i < alen; i++)
	{
		if (!matched[0][i])
			continue;
		while (!matched[1][j])
			j++;
		t += a->codes[i] != b->codes[j++];
	}
	jaro = ((double) m / (double) alen + (double) m / (double) blen + (double) (m - t / 2) / (double) m) / 3;
	while (prefix < 4 && prefix < alen && prefix < blen && a->codes[prefix] == b->codes[prefix])
		prefix++;
	return jaro + (double) prefix * 0.1 * (1 - jaro);
}

static void
compare_jaro_winkler(const Text *a, const Text *b)
{
	double got = similarity_jaro_winkler(a->bytes, a->len, b->bytes, b->len);

	MUST(fabs(got - plain_jaro_winkler(a, b)) < 1e-12);
	MUST(got >= 0.0 && got <= 1.0);
	MUST(got == similarity_jaro_winkler(b->bytes, b->len, a->bytes, a->len));
	MUST(similarity_jaro_winkler(a->bytes, a->len, a->bytes, a->len) == 1.0);
}

/* --------------------------------------------------- Damerau-Levenshtein */

static int
plain_edits(const Text *a, const Text *b)
{
	static int table[MAX_CHARACTERS + 1][MAX_CHARACTERS + 1];
	size_t alen = a->n < SIMILARITY_MAX_EDIT ? a->n : SIMILARITY_MAX_EDIT;
	size_t blen = b->n < SIMILARITY_MAX_EDIT ? b->n : SIMILARITY_MAX_EDIT;

	for (size_t i = 0; i <= alen; i++)
	{
		for (size_t j = 0; j <= blen; j++)
		{
			int best = i == 0 ? (int) j : (int) i;

			if (i > 0 && j > 0)
			{
				best = table[i - 1][j - 1] + (a->codes[i - 1] != b->codes[j - 1]);
				best = table[i - 1][j] < best ? table[i - 1][j] + 1 : best;
				best = table[i][j - 1] < best ? table[i][j - 1] + 1 : best;
			}
			if (i > 1 && j > 1 && a->codes[i - 1] == b->codes[j - 2] && a->codes[i - 2] == b->codes[j - 1] && table[i - 2][j - 2] < best)
				best = table[i - 2][j - 2] + 1;
			table[i][j] = best;
		}
	}
	return table[alen][blen];
}

static void
compare_edits(const Text *a, const Text *b)
{
	int distance = plain_edits(a, b);

	MUST(similarity_damerau_levenshtein(a->bytes, a->len, b->bytes, b->len, -1) == distance);
	MUST(similarity_damerau_levenshtein(b->bytes, b->len, a->bytes, a->len, -1) == distance);
	MUST(similarity_damerau_levenshtein(a->bytes, a->len, b->bytes, b->len, INT32_MAX) == distance);
	for (int limit = 0; limit < 12; limit++)
		MUST(similarity_damerau_levenshtein(a->bytes, a->len, b->bytes, b->len, limit) ==
			 (distance > limit ? limit + 1 : distance));
	if (distance > 0)
		MUST(similarity_damerau_levenshtein(a->bytes, a->len, b->bytes, b->len, distance - 1) == distance);
}

static void
test_edits(void)
{
	MUST(edits("ca", "abc") == 3); /* 2 if a character might be changed twice */
	MUST(edits("kitten", "sitting") == 3);
	MUST(edits("ab", "ba") == 1);
	MUST(edits("abcd", "badc") == 2);
	MUST(edits("", "") == 0);
	MUST(edits("", "abc") == 3);
	MUST(edits("a", "\xC3\xA9") == 1);
	MUST(edits("\xE9", "\xEA") == 1); /* not UTF-8 */
	MUST(edits("\xE9", "\xC3\xA9") == 1);
	MUST(edits("\xC3", "\xC3\xA9") == 1);
}

static void
compare_drawn(int cases, size_t max)
{
	static Text a;
	static Text b;

	for (int i = 0; i < cases; i++)
	{
		bool ascii = unit_below(2) == 0;

		draw_text(&a, max, ascii);
		if (unit_below(2) == 0)
			draw_text(&b, max, ascii);
		else
			draw_variant(&b, &a, ascii);
		compare_jaro_winkler(&a, &b);
		compare_edits(&a, &b);
	}
}

/* 64 characters that differ, and 64 others: as many as masks have room for */
static void
test_wide_alphabet(void)
{
	static Text a;
	static Text b;

	a.n = b.n = 64;
	for (size_t i = 0; i < 64; i++)
	{
		a.codes[i] = 0x4E00 + (uint32_t) i;
		b.codes[i] = 0x5E00 + (uint32_t) i;
	}
	encode(&a);
	encode(&b);
	MUST(similarity_jaro_winkler(a.bytes, a.len, b.bytes, b.len) == 0.0);
	compare_edits(&a, &b);
	b.codes[63] = a.codes[63];
	encode(&b);
	compare_jaro_winkler(&a, &b);
	compare_edits(&a, &b);
}

/* ------------------------------------------------------ names and sounds */

static const char *
name_key(const char *raw)
{
	static char key[200];

	MUST(similarity_name_key(raw, strlen(raw), key, sizeof(key)) == strlen(key));
	return key;
}

static const char *
sound(const char *raw)
{
	static char code[SIMILARITY_SOUND_SIZE];
	const char *key = name_key(raw);

	MUST(similarity_sound(key, strlen(key), code, sizeof(code)) == strlen(code));
	return code;
}

static void
test_name_key(void)
{
	static const char *const names[][2] = {
		{"", ""},
		{" ", ""},
		{"'", ""},
		{"-", ""},
		{"  Mary\t Jane ", "mary jane"},
		{"O'Neil", "oneil"},
		{"O\xE2\x80\x99Neil", "oneil"},
		{"O`NEIL", "oneil"},
		{"Smith-Jones", "smith jones"},
		{"St. John", "st john"},
		{"Ren\xC3\xA9\x65", "renee"},
		{"\xC3\x85ngstr\xC3\xB6m", "angstrom"},
		{"Wei\xC3\x9F", "weiss"},
		{"WEI\xE1\xBA\x9E", "weiss"},
		{"\xC5\x81ukasz", "lukasz"},
		{"\xC3\x86r\xC3\xB8sk\xC3\xB8\x62ing", "aeroskobing"},
		{"\xC3\x9E\xC3\xB3r", "thor"},
		{"\xC5\x92uvre", "oeuvre"},
		{"\xC4\xB2sbrand", "ijsbrand"},
		{"Jose\xCC\x81", "jose"},
		{"Nguy\xE1\xBB\x85n", "nguyen"},
		{"\xC7\x85ura", "dzura"},
		{"\xC8\x98tefan", "stefan"},
		{"\xC4\xB0lkay", "ilkay"},
		{"\xC6\x8Fliyev", "aliyev"},
		{"Anne\xC2\xA0Marie", "anne marie"},
		{"Anne\xE2\x80\x8BMarie", "annemarie"},
		{"Jos\xE9 Mar\xED\x61", "jos mar a"},
		{"\xEF\xBC\xA1\xEF\xBC\xA2", "ab"},
		{"\xD0\x98\xD0\xB2\xD0\xB0\xD0\xBD-\xD0\x9F", "\xD0\x98\xD0\xB2\xD0\xB0\xD0\xBD \xD0\x9F"},
		{"John 3rd", "john 3rd"}};
	char key[8];

	for (size_t i = 0; i < lengthof(names); i++)
		MUST(strcmp(name_key(names[i][0]), names[i][1]) == 0);

	/* cut, and never in a character or after a blank */
	MUST(similarity_name_key("Mary Jane", 9, key, 0) == 0);
	MUST(similarity_name_key("Mary Jane", 9, key, 1) == 0 && key[0] == '\0');
	MUST(similarity_name_key("Mary Jane", 9, key, 6) == 4 && strcmp(key, "mary") == 0);
	MUST(similarity_name_key("Mary Jane", 9, key, 7) == 6 && strcmp(key, "mary j") == 0);
	MUST(similarity_name_key("\xD0\x98\xD0\xB2", 4, key, 4) == 2);
	MUST(similarity_name_key("wei\xC3\x9F", 5, key, 5) == 3 && strcmp(key, "wei") == 0);
	MUST(similarity_name_key("a\0b", 3, key, sizeof(key)) == 3 && strcmp(key, "a b") == 0);
}

static void
test_sound(void)
{
	static const char *const codes[][2] = {
		{"Smith", "smt"},
		{"Smyth", "smt"},
		{"Katherine", "ctrn"},
		{"Catharine", "ctrn"},
		{"Philip", "flp"},
		{"Fillip", "flp"},
		{"Dixon", "dcsn"},
		{"Dickson", "dcsn"},
		{"Geoffrey", "gfr"},
		{"Jeffrey", "gfr"},
		{"Steven", "stfn"},
		{"Stephen", "stfn"},
		{"Lawrence", "lrnc"},
		{"Laurence", "lrnc"},
		{"Elizabeth", "elsb"},
		{"Elisabeth", "elsb"},
		{"MacDonald", "mcdn"},
		{"Mac Donald", "mcdn"},
		{"Hannah", "hn"},
		{"Yvonne", "yfn"},
		{"Xavier", "sfr"},
		{"Anne", "an"},
		{"A", "a"},
		{"R2 22", "r222"},
		{"", ""},
		{"Lloyd", "ld"},
		{"Aaron", "arn"},
		{"Max", "mcs"},
		{"Queen", "cn"},
		{"\xD0\x98\xD0\xB2\xD0\xB0\xD0\xBD\xD0\xBE\xD0\xB2", "\xD0\x98\xD0\xB2\xD0\xB0\xD0\xBD"}};
	char code[3];

	for (size_t i = 0; i < lengthof(codes); i++)
		MUST(strcmp(sound(codes[i][0]), codes[i][1]) == 0);
	MUST(similarity_sound("smith", 5, code, sizeof(code)) == 2);
	MUST(similarity_sound("smith", 5, code, 0) == 0);
}

/* --------------------------------------------------- postcodes and dates */

static void
check_postcode(const char *raw, const char *area, const char *district, const char *sector, const char *unit)
{
	PostcodeParts parts;

	MUST(similarity_postcode_parts(raw, strlen(raw), &parts) == (area[0] != '\0'));
	MUST(strcmp(parts.area, area) == 0);
	MUST(strcmp(parts.district, district) == 0);
	MUST(strcmp(parts.sector, sector) == 0);
	MUST(strcmp(parts.unit, unit) == 0);
}

static void
test_postcode(void)
{
	static const char *const none[] = {
		"", " ", "A", "AA", "1", "11", "A1 1", "AA1 1", "SW1A 1", "SW1A 1A", "SW1 1", "SW1 A", "SW1A 1CA",
		"SW1A 1AI", "SW1A 1AAA", "AAA1 1AA", "A111 1AA", "A01 1AA", "A1AA 1AA", "GIR 0AA", "SW1A/1AA", "SW1A 1AA!",
		"\xC3\x89\x31 1AA", "SW1A OAA", "12345", "ABCDEFG"};

	check_postcode("SW1A 1AA", "SW", "SW1A", "SW1A 1", "SW1A 1AA");
	check_postcode(" sw1a1aa\n", "SW", "SW1A", "SW1A 1", "SW1A 1AA");
	check_postcode("s w 1 a - 1 a a", "SW", "SW1A", "SW1A 1", "SW1A 1AA");
	check_postcode("SW1A\xC2\xA0\x31\x41\x41", "SW", "SW1A", "SW1A 1", "SW1A 1AA");
	check_postcode("Z1 1ZZ", "Z", "Z1", "Z1 1", "Z1 1ZZ");
	check_postcode("Z11 1ZZ", "Z", "Z11", "Z11 1", "Z11 1ZZ");
	check_postcode("Z1Z 1ZZ", "Z", "Z1Z", "Z1Z 1", "Z1Z 1ZZ");
	check_postcode("ZZ1 1ZZ", "ZZ", "ZZ1", "ZZ1 1", "ZZ1 1ZZ");
	check_postcode("ZZ11 1ZZ", "ZZ", "ZZ11", "ZZ11 1", "ZZ11 1ZZ");
	check_postcode("ZZ0 1ZZ", "ZZ", "ZZ0", "ZZ0 1", "ZZ0 1ZZ");
	check_postcode("SW1A", "SW", "SW1A", "", "");
	check_postcode("SW 11 ", "SW", "SW11", "", "");
	check_postcode(" Z1", "Z", "Z1", "", "");
	for (size_t i = 0; i < lengthof(none); i++)
		check_postcode(none[i], "", "", "", "");
}

static bool
plain_one_digit(const char *a, const char *b)
{
	char swapped[9];
	int wrong = 0;

	for (int i = 0; i < 8; i++)
		wrong += a[i] != b[i];
	for (int i = 0; i < 7; i++)
	{
		strcpy(swapped, a);
		swapped[i] = a[i + 1];
		swapped[i + 1] = a[i];
		if (strcmp(swapped, b) == 0)
			return true;
	}
	return wrong == 1;
}

static int
plain_date_level(const int a[3], const int b[3])
{
	char a_digits[64];
	char b_digits[64];
	int same = (a[0] == b[0]) + (a[1] == b[1]) + (a[2] == b[2]);

	snprintf(a_digits, sizeof(a_digits), "%04d%02d%02d", a[0], a[1], a[2]);
	snprintf(b_digits, sizeof(b_digits), "%04d%02d%02d", b[0], b[1], b[2]);
	if (same == 3)
		return SIMILARITY_DATE_SAME;
	if (plain_one_digit(a_digits, b_digits))
		return SIMILARITY_DATE_ONE_DIGIT;
	if (a[0] == b[0] && a[1] == b[2] && a[2] == b[1])
		return SIMILARITY_DATE_DAY_MONTH;
	if (same == 2)
		return SIMILARITY_DATE_TWO_PARTS;
	if (a[0] == b[0])
		return SIMILARITY_DATE_YEAR;
	return abs(a[0] - b[0]) == 1 ? SIMILARITY_DATE_NEAR : SIMILARITY_DATE_DIFFERENT;
}

static void
test_dates(void)
{
	int seen[SIMILARITY_DATE_DIFFERENT + 1] = {0};

	for (int i = 0; i < 2000000; i++)
	{
		int a[3] = {1970 + (int) unit_below(40), 1 + (int) unit_below(12), 1 + (int) unit_below(31)};
		int b[3] = {a[0], a[1], a[2]};
		int level;

		if (unit_below(2) == 0)
			b[0] = 1960 + (int) unit_below(60);
		if (unit_below(2) == 0)
			b[1] = 1 + (int) unit_below(12);
		if (unit_below(2) == 0)
			b[2] = 1 + (int) unit_below(31);
		if (unit_below(8) == 0 && a[2] <= 12)
		{
			b[1] = a[2];
			b[2] = a[1];
		}
		level = similarity_date_level(a[0], a[1], a[2], b[0], b[1], b[2]);
		MUST(level == plain_date_level(a, b));
		MUST(level == similarity_date_level(b[0], b[1], b[2], a[0], a[1], a[2]));
		seen[level]++;
	}
	for (size_t i = 0; i < lengthof(seen); i++)
		MUST(seen[i] > 100);

	/* before the year 1, and the last there is */
	MUST(similarity_date_level(-5, 3, 4, 5, 3, 4) == SIMILARITY_DATE_TWO_PARTS);
	MUST(similarity_date_level(-1, 3, 4, 0, 6, 17) == SIMILARITY_DATE_NEAR);
	MUST(similarity_date_level(5874897, 12, 31, 5874898, 12, 31) == SIMILARITY_DATE_ONE_DIGIT);
	MUST(similarity_date_level(INT32_MIN, 1, 1, INT32_MAX, 12, 31) == SIMILARITY_DATE_DIFFERENT);
}

int
main(void)
{
	test_published();
	test_edits();
	compare_drawn(200000, 8);
	compare_drawn(4000, 66);
	compare_drawn(500, 140);
	compare_drawn(100, 300);
	compare_drawn(30, MAX_CHARACTERS);
	test_wide_alphabet();
	test_name_key();
	test_sound();
	test_postcode();
	test_dates();
	return 0;
}
