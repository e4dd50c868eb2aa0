/*-------------------------------------------------------------------------
 * test_linkage.c
 *	  Details in their normal form, levels, blocks against all pairs, shared
 *	  numbers, and what a household shares.
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "core/identity/linkage.h"
#include "unit_host.h"

/* ---------------------------------------------------------- normal forms */

/* The normal form of bytes that end where they are said to. */
static size_t
normalise(LinkKind kind, const char *raw, size_t len, char *out)
{
	char *copy = malloc(len == 0 ? 1 : len);
	size_t n;

	memcpy(copy, raw, len);
	n = link_normalise(kind, copy, len, out);
	MUST(n <= LINK_MAX_VALUE);
	free(copy);
	return n;
}

static void
check_normal(LinkKind kind, const char *raw, const char *expected)
{
	char out[LINK_MAX_VALUE];
	size_t n = normalise(kind, raw, strlen(raw), out);

	if (n != strlen(expected) || memcmp(out, expected, n) != 0)
		fprintf(stderr, "%s: \"%s\" became \"%.*s\"\n", link_kind_name(kind), raw, (int) n, out);
	MUST(n == strlen(expected) && memcmp(out, expected, n) == 0);
}

static void
test_normal_forms(void)
{
	check_normal(LINK_NUMBER, "+447700900123", "+447700900123");
	check_normal(LINK_NAME, "  O'BRIEN-Smith ", "obrien smith");
	check_normal(LINK_NAME, "Unknown", "");
	check_normal(LINK_NAME, "N/A", "");
	check_normal(LINK_NAME, " - ", "");
	check_normal(LINK_NAME, "Anona", "anona");
	check_normal(LINK_DATE, "1984-05-09", "19840509");
	check_normal(LINK_DATE, "9/5/1984", "19840509");
	check_normal(LINK_DATE, "09.05.1984", "19840509");
	check_normal(LINK_DATE, "19840509", "19840509");
	check_normal(LINK_DATE, "born 1984", "1984");
	check_normal(LINK_DATE, "123/4/1984", "12341984");
	check_normal(LINK_DATE, "none", "");
	check_normal(LINK_DATE, "1984-05-09T12:34:56", "19840509");
	check_normal(LINK_POSTCODE, " zz99 9xx ", "ZZ999XX");
	check_normal(LINK_IDENTIFIER, "ref: 12-34/b", "REF1234B");
	check_normal(LINK_IDENTIFIER, "\xc3\xa9-", "");
	check_normal(LINK_EMAIL, " Some.One@Example.COM\r\n", "some.one@example.com");
	check_normal(LINK_EMAIL, "\xc3\x89@example.com", "\xc3\x89@example.com");
	check_normal(LINK_TEXT, "1, High  Street", "1 high street");
	check_normal(LINK_CATEGORY, "Mobile", "mobile");
	check_normal(LINK_CATEGORY, "unknown", "unknown");
}

/* ---------------------------------------------------------------- levels */

/* Bytes of any kind, or such as the kind has. */
static size_t
draw_raw(LinkKind kind, char *raw, size_t max)
{
	static const char *const alphabet[LINK_KINDS] = {"+0123", "abAn \xc3\xa9-", "0123/-", "ABZ 019", "ab@.1", "abcde  ", "12 mil lanehous", "A1b-", "xy "};
	size_t n = unit_below(unit_below(10) == 0 ? max : max < 14 ? max :
																 14);
	size_t letters = strlen(alphabet[kind]);

	for (size_t i = 0; i < n; i++)
		raw[i] = unit_below(40) == 0 ? (char) unit_below(256) : alphabet[kind][unit_below(letters)];
	return n;
}

static void
draw_variant(const char *raw, size_t len, char *out, size_t *outlen)
{
	memcpy(out, raw, len);
	for (uint64_t edits = unit_below(4); edits > 0 && len > 1; edits--)
	{
		size_t i = unit_below(len - 1);
		char c = out[i];

		out[i] = out[i + 1];
		if (unit_below(2) == 0)
			out[i + 1] = c;
		else
			memmove(out + i + 1, out + i + 2, --len - i - 1);
	}
	*outlen = len;
}

static void
test_levels(void)
{
	for (int i = 0; i < 200000; i++)
	{
		LinkKind kind = i % LINK_KINDS;
		char raw[2][600];
		char value[2][LINK_MAX_VALUE];
		char again[LINK_MAX_VALUE];
		size_t rawlen[2];
		size_t len[2];
		int level;

		rawlen[0] = draw_raw(kind, raw[0], sizeof(raw[0]));
		if (unit_below(2) == 0)
			rawlen[1] = draw_raw(kind, raw[1], sizeof(raw[1]));
		else
			draw_variant(raw[0], rawlen[0], raw[1], &rawlen[1]);
		for (int j = 0; j < 2; j++)
		{
			len[j] = normalise(kind, raw[j], rawlen[j], value[j]);
			/* a normal form is its own */
			MUST(normalise(kind, value[j], len[j], again) == len[j] && memcmp(again, value[j], len[j]) == 0);
		}
		if (len[0] == 0 || len[1] == 0)
			continue;
		level = link_compare(kind, value[0], len[0], value[1], len[1]);
		if (level != link_compare(kind, value[1], len[1], value[0], len[0]))
			fprintf(stderr, "%s: \"%.*s\" and \"%.*s\" are at %d, the other way round at %d\n", link_kind_name(kind),
					(int) len[0], value[0], (int) len[1], value[1], level,
					link_compare(kind, value[1], len[1], value[0], len[0]));
		MUST(level == link_compare(kind, value[1], len[1], value[0], len[0]));
		MUST(level >= 0 && level < link_levels(kind) && strlen(link_level_name(kind, level)) > 0);
		if (link_own_level(kind, value[0], len[0]) != 0 || link_own_level(kind, value[1], len[1]) != 0)
			MUST(level >= 2);
		else
			MUST((level == 0) == (len[0] == len[1] && memcmp(value[0], value[1], len[0]) == 0));
	}
}

static int
level_of(LinkKind kind, const char *a, const char *b)
{
	char x[LINK_MAX_VALUE];
	char y[LINK_MAX_VALUE];
	size_t xlen = normalise(kind, a, strlen(a), x);
	size_t ylen = normalise(kind, b, strlen(b), y);

	return link_compare(kind, x, xlen, y, ylen);
}

static void
test_known_levels(void)
{
	static const struct
	{
		LinkKind kind;
		const char *a;
		const char *b;
		int level;
	} known[] = {
		{LINK_NUMBER, "+447700900123", "+447700900132", 1},
		{LINK_NUMBER, "+447700900123", "+447700900456", 2},
		{LINK_NAME, "Katherine", "KATHERINE", 0},
		{LINK_NAME, "Catherine", "Katherine", 1},
		{LINK_NAME, "K", "Katherine", 3},
		{LINK_NAME, "Will", "Ann", 5},
		{LINK_DATE, "1984-05-09", "9/5/1984", 0},
		{LINK_DATE, "1984-05-09", "1984-05-08", 1},
		{LINK_DATE, "1984-05-09", "1984-09-05", 2},
		{LINK_DATE, "1984-05-09", "1931-12-27", 6},
		{LINK_POSTCODE, "ZZ99 9XX", "ZZ99 9XY", 1},
		{LINK_POSTCODE, "ZZ99 9XX", "ZZ99 9AB", 2},
		{LINK_POSTCODE, "ZZ99 9XX", "ZZ99 1AB", 3},
		{LINK_POSTCODE, "ZZ99 9XX", "ZZ11 1AB", 4},
		{LINK_POSTCODE, "ZZ99 9XX", "AA11 1AB", 5},
		{LINK_EMAIL, "someone@example.com", "other.name@example.com", 3},
		{LINK_TEXT, "1 high street", "high street 1", 2},
		{LINK_TEXT, "1 high street", "27 station street", 3},
		{LINK_IDENTIFIER, "AB1234", "AB1235", 1},
		{LINK_IDENTIFIER, "AB1234", "AB1256", 2},
		{LINK_CATEGORY, "mobile", "landline", 1},
	};

	for (size_t i = 0; i < lengthof(known); i++)
	{
		int level = level_of(known[i].kind, known[i].a, known[i].b);

		if (level != known[i].level)
			fprintf(stderr, "\"%s\" and \"%s\" are at %d\n", known[i].a, known[i].b, level);
		MUST(level == known[i].level);
	}
}

static void
test_names_of_kinds(void)
{
	for (int i = 0; i < LINK_KINDS; i++)
	{
		LinkKind kind;

		MUST(link_kind_of(link_kind_name(i), &kind) && (int) kind == i);
		MUST(link_levels(i) >= 2 && link_levels(i) <= FS_MAX_LEVELS);
		MUST(link_form_fits(LINK_WHOLE, i));
		for (int f = 0; f < LINK_FORMS; f++)
		{
			LinkForm form;

			MUST(link_form_of(link_form_name(f), i, &form) == link_form_fits(f, i) && (int) form == f);
		}
	}
}

/* --------------------------------------------------------------- a model */

enum
{
	NUMBER,
	GIVEN,
	FAMILY,
	BIRTH,
	POSTCODE,
	EMAIL,
	REFERENCE,
	DETAILS
};

static void
add_comparison(LinkModel *model, const char *name, LinkKind kind, LinkRole role, bool household)
{
	int i = model->fs.ncomparisons++;
	LinkComparison *c = &model->comparison[i];
	int last = link_levels(kind) - 1;

	snprintf(c->name, sizeof(c->name), "%s", name);
	c->kind = kind;
	c->role = role;
	c->household = household;
	model->fs.nlevels[i] = last + 1;
	for (int level = 0; level <= last; level++)
	{
		model->fs.m[i][level] = level == 0 ? 0.9 : 0.1 / last;
		model->fs.u[i][level] = level == last ? 0.99 : 0.01 / last;
	}
}

static LinkModel
make_model(int block)
{
	LinkModel model = {.threshold = 3, .block = block};

	add_comparison(&model, "number", LINK_NUMBER, LINK_ANY, false);
	add_comparison(&model, "given_name", LINK_NAME, LINK_GIVEN_NAME, false);
	add_comparison(&model, "family_name", LINK_NAME, LINK_FAMILY_NAME, true);
	add_comparison(&model, "date_of_birth", LINK_DATE, LINK_BIRTH, false);
	add_comparison(&model, "postcode", LINK_POSTCODE, LINK_ANY, true);
	add_comparison(&model, "email", LINK_EMAIL, LINK_ANY, false);
	add_comparison(&model, "details.reference", LINK_IDENTIFIER, LINK_ANY, false);
	model.fs.lambda = 0.001;
	return model;
}

static void
add_rule(LinkModel *model, int a, LinkForm a_form, int b, LinkForm b_form)
{
	LinkRule *rule = &model->rule[model->nrules++];

	rule->parts = b < 0 ? 1 : 2;
	rule->part[0].comparison = a;
	rule->part[0].form = a_form;
	if (b >= 0)
	{
		rule->part[1].comparison = b;
		rule->part[1].form = b_form;
	}
	link_prepare_rule(model, rule);
}

static void
add_rules(LinkModel *model)
{
	add_rule(model, NUMBER, LINK_WHOLE, -1, 0);
	add_rule(model, GIVEN, LINK_WHOLE, FAMILY, LINK_WHOLE);
	add_rule(model, FAMILY, LINK_SOUND, BIRTH, LINK_YEAR);
	add_rule(model, POSTCODE, LINK_DISTRICT, BIRTH, LINK_DAY);
	add_rule(model, GIVEN, LINK_SOUND, -1, 0);
	add_rule(model, EMAIL, LINK_LOCAL, -1, 0);
	add_rule(model, POSTCODE, LINK_WHOLE, EMAIL, LINK_DOMAIN);
}

/* One of a few values of each detail, or none. */
static LinkText
draw_detail(int detail, uint64_t few)
{
	static const char *const values[DETAILS][6] = {
		{"+447700900001", "+447700900002", "+447700900003", "+447700900004", "+447700900005", "+447700900006"},
		{"Ann", "Anne", "Smith", "Bob", "Robert", "Zoe"},
		{"Smith", "Smyth", "Ann", "Jones", "Bob", "Zoe"},
		{"1984-05-09", "1984-05-08", "1931-05-09", "9/5/1984", "1950", "2001-01-01"},
		{"ZZ99 9XX", "ZZ99 9XY", "ZZ1 1AA", "zz999xx", "ZZ", "AA1 1AA"},
		{"a@example.com", "b@example.com", "a@example.org", "a", "@example.org", "c@"},
		{"R1", "R2", "R3", "r-1", "R4", "R5"},
	};
	LinkText text = {NULL, 0};

	if (unit_below(4) == 0)
		return text;
	text.bytes = values[detail][unit_below(few)];
	text.len = strlen(text.bytes);
	return text;
}

#define MAX_PERSONAS 120

typedef struct Persona
{
	LinkText detail[DETAILS];
	int64_t rank;
} Persona;

static Persona personas[MAX_PERSONAS];

static void
draw_personas(uint32_t n)
{
	uint64_t few = 1 + unit_below(6);

	for (uint32_t i = 0; i < n; i++)
	{
		for (int d = 0; d < DETAILS; d++)
			personas[i].detail[d] = draw_detail(d, few);
		personas[i].rank = (int64_t) unit_below(unit_below(4) == 0 ? 10 : 1000000) - 1000;
	}
}

static LinkStore *
store_personas(const LinkModel *model, uint32_t n)
{
	LinkStore *store = link_store_create(&host, model);

	for (uint32_t i = 0; i < n; i++)
		MUST(link_store_add(store, personas[i].detail, personas[i].rank, false) == i);
	link_set_weights(store);
	MUST(link_store_size(store) == n);
	return store;
}

/* ---------------------------------------------------------------- blocks */

typedef struct Found
{
	uint32_t n;
	unsigned char times[MAX_PERSONAS][MAX_PERSONAS];
	size_t pairs;
} Found;

static void
found_pair(void *arg, uint32_t a, uint32_t b)
{
	Found *found = arg;

	MUST(a != b && a < found->n && b < found->n);
	found->times[a][b]++;
	found->times[b][a]++;
	found->pairs++;
}

static int
compare_int64(const void *a, const void *b)
{
	return unit_compare_int64(a, b);
}

/* Whether a rule brings two personas together, from all personas of their block. */
static bool
rule_joins(const LinkStore *store, const LinkModel *model, const LinkRule *rule, uint32_t n, uint32_t a, uint32_t b)
{
	uint64_t key = link_key(store, rule, a);
	int64_t ranks[MAX_PERSONAS];
	int block = 0;

	if (key == 0 || key != link_key(store, rule, b))
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (link_key(store, rule, i) == key)
			ranks[block++] = personas[i].rank;
	if (block <= link_rule_limit(model, rule))
		return true;
	qsort(ranks, block, sizeof(int64_t), compare_int64);
	return personas[a].rank <= ranks[LINK_HUBS - 1] || personas[b].rank <= ranks[LINK_HUBS - 1];
}

static void
check_found(const LinkStore *store, const LinkModel *model, const Found *found)
{
	for (uint32_t a = 0; a < found->n; a++)
		for (uint32_t b = a + 1; b < found->n; b++)
		{
			bool joined = false;

			for (int r = 0; r < model->nrules; r++)
			{
				uint64_t key = link_key(store, &model->rule[r], a);

				MUST(link_same_block(store, &model->rule[r], a, b) ==
					 (key != 0 && key == link_key(store, &model->rule[r], b)));
				joined = joined || rule_joins(store, model, &model->rule[r], found->n, a, b);
			}
			MUST(found->times[a][b] == joined);
		}
}

static void
test_blocks(void)
{
	for (int i = 0; i < 300; i++)
	{
		LinkModel model = make_model(i % 3 == 0 ? 1000 : LINK_HUBS + (int) unit_below(20));
		uint32_t n = unit_below(MAX_PERSONAS + 1);
		Found found = {.n = n};
		Found again = {.n = n};
		LinkKeySet large = {0};
		LinkStore *store;

		add_rules(&model);
		draw_personas(n);
		store = store_personas(&model, n);
		MUST(link_find_pairs(store, &large, false, found_pair, &found) == found.pairs);
		check_found(store, &model, &found);
		MUST(link_find_pairs(store, &large, true, found_pair, &again) == found.pairs);
		MUST(memcmp(found.times, again.times, sizeof(found.times)) == 0);
		MUST(i % 3 > 0 || large.n == 0);
		link_keyset_free(&host, &large);
		link_store_free(store);
		MUST(in_use == 0);
	}
}

static int
compare_uint64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *) a;
	uint64_t y = *(const uint64_t *) b;

	return x < y ? -1 : x > y;
}

/* The same keys in a store of other personas, whose model has its details in another order. */
static void
test_keys_of_stores(void)
{
	LinkModel model = make_model(100);
	LinkModel turned = {.block = 100};
	LinkStore *store;
	LinkStore *other;

	add_rules(&model);
	turned.fs.ncomparisons = DETAILS;
	for (int d = 0; d < DETAILS; d++)
	{
		turned.comparison[DETAILS - 1 - d] = model.comparison[d];
		turned.fs.nlevels[DETAILS - 1 - d] = model.fs.nlevels[d];
	}
	turned.nrules = model.nrules;
	for (int r = 0; r < model.nrules; r++)
	{
		turned.rule[r] = model.rule[model.nrules - 1 - r];
		for (int p = 0; p < turned.rule[r].parts; p++)
			turned.rule[r].part[p].comparison = DETAILS - 1 - turned.rule[r].part[p].comparison;
		link_prepare_rule(&turned, &turned.rule[r]);
	}
	draw_personas(MAX_PERSONAS);
	store = store_personas(&model, MAX_PERSONAS);
	other = link_store_create(&host, &turned);
	for (uint32_t i = MAX_PERSONAS; i-- > 0;)
	{
		LinkText details[DETAILS];
		uint64_t keys[2][LINK_MAX_RULES];
		size_t n;

		for (int d = 0; d < DETAILS; d++)
			details[DETAILS - 1 - d] = personas[i].detail[d];
		n = link_keys(other, link_store_add(other, details, 0, false), keys[1]);
		MUST(link_keys(store, i, keys[0]) == n);
		qsort(keys[0], n, sizeof(uint64_t), compare_uint64);
		qsort(keys[1], n, sizeof(uint64_t), compare_uint64);
		MUST(memcmp(keys[0], keys[1], n * sizeof(uint64_t)) == 0);
		for (size_t k = 1; k < n; k++)
			MUST(keys[0][k] != 0 && keys[0][k] != keys[0][k - 1]);
	}
	link_store_free(store);
	link_store_free(other);
	MUST(in_use == 0);
}

static LinkText
text_of(const char *value)
{
	LinkText text = {value, value == NULL ? 0 : strlen(value)};

	return text;
}

static uint32_t
add_persona(LinkStore *store, const char *number, const char *given, const char *family, const char *birth, bool own)
{
	LinkText details[DETAILS] = {text_of(number), text_of(given), text_of(family), text_of(birth)};

	return link_store_add(store, details, 0, own);
}

/* Given and family name exchanged are in one block, and speak for one person. */
static void
test_swapped_names(void)
{
	LinkModel model = make_model(100);
	LinkStore *store = link_store_create(&host, &model);
	uint32_t a = add_persona(store, NULL, "Ann", "Smith", NULL, false);
	uint32_t b = add_persona(store, NULL, "Smith", "Ann", NULL, false);
	uint32_t c = add_persona(store, NULL, "Bob", "Jones", NULL, false);
	ClusterEvidence evidence;

	add_rule(&model, GIVEN, LINK_WHOLE, FAMILY, LINK_WHOLE);
	link_set_weights(store);
	MUST(link_key(store, &model.rule[0], a) == link_key(store, &model.rule[0], b));
	MUST(link_key(store, &model.rule[0], a) != link_key(store, &model.rule[0], c));
	MUST(link_evidence(store, a, b, &evidence, NULL) && evidence.weight[GIVEN] > 0 && evidence.weight[FAMILY] > 0);
	MUST(!link_evidence(store, a, c, &evidence, NULL) && evidence.weight[GIVEN] < 0);
	MUST(link_weight(store, a, b) == link_weight(store, b, a));
	link_store_free(store);
}

/* -------------------------------------------------------- shared numbers */

static int numbers_found;

static void
found_number(void *arg, uint32_t persona, uint32_t names)
{
	MUST(persona == *(uint32_t *) arg && names == LINK_SHARED_NAMES);
	numbers_found++;
}

static void
test_shared_numbers(void)
{
	static const char *const names[] = {"Will", "Zoe", "Katherine", "Bob", "Muhammad"};
	LinkModel model = make_model(100);
	LinkStore *store = link_store_create(&host, &model);
	uint32_t shared[5];
	uint32_t few[5];
	uint32_t own[5];
	uint32_t unnamed[5];

	for (int i = 0; i < 5; i++)
	{
		shared[i] = add_persona(store, "+447700900001", names[i], NULL, NULL, false);
		few[i] = add_persona(store, "+447700900002", names[i % 4], NULL, NULL, false);
		own[i] = add_persona(store, "+447700900003", names[i], NULL, NULL, true);
		unnamed[i] = add_persona(store, "+447700900004", NULL, NULL, NULL, false);
	}
	link_set_weights(store);
	MUST(link_drop_shared_numbers(store, found_number, &shared[0]) == 1 && numbers_found == 1);
	for (int i = 0; i < 5; i++)
	{
		size_t len;

		MUST(link_number_is_shared(store, shared[i]) && !link_has(store, NUMBER, shared[i]));
		MUST(link_value(store, NUMBER, shared[i], &len) != NULL && len == 13);
		MUST(!link_number_is_shared(store, few[i]) && link_has(store, NUMBER, few[i]));
		MUST(!link_number_is_shared(store, own[i]) && link_has(store, NUMBER, own[i]));
		MUST(!link_number_is_shared(store, unnamed[i]) && link_has(store, NUMBER, unnamed[i]));
	}
	MUST(!link_belongs(store, shared[0], shared[1]) && link_belongs(store, few[0], few[1]));
	MUST(link_is_weak(store, unnamed[0]) && !link_is_weak(store, few[0]));
	MUST(link_tells_caller(store, unnamed[0]) && !link_tells_caller(store, shared[0]));
	link_mark_shared_number(store, few[0]);
	MUST(!link_has(store, NUMBER, few[0]) && link_has(store, NUMBER, few[1]));
	link_store_free(store);
}

/* ------------------------------------------------------------- household */

static ClusterSums
sums_of(int64_t number, int64_t given, int64_t family, int64_t reference)
{
	int64_t weight[DETAILS] = {number, given, family, 0, 0, 0, reference};
	ClusterSums sums = {0};

	for (int d = 0; d < DETAILS; d++)
		if (weight[d] != 0)
		{
			sums.weight[d] = 2 * weight[d];
			sums.best[d] = weight[d] > 0 ? (int32_t) weight[d] : 0;
			sums.count[d] = 2;
		}
	return sums;
}

static void
check_judged(const LinkModel *model, ClusterSums sums, double expected, double expected_household)
{
	double household;
	double total = link_judge(model, &sums, &household);

	MUST(fabs(total - link_prior(model) - expected) < 0.01 && fabs(household - expected_household) < 0.01);
	MUST(link_judge(model, &sums, NULL) == total);
}

static void
test_household(void)
{
	LinkModel model = make_model(100);
	ClusterSums sums;

	/* given names contradict: what the household shares, and its number, do not count */
	check_judged(&model, sums_of(9000, -5000, 3000, 0), -5000, -12000);
	/* an identifier of their own overrides that, if it says enough */
	check_judged(&model, sums_of(9000, -5000, 3000, 10000), 17000, 0);
	check_judged(&model, sums_of(9000, -5000, 3000, 9999), 4999, -12000);
	/* a given name that is only unlike does not contradict */
	check_judged(&model, sums_of(9000, -4000, 3000, 0), 8000, 0);
	/* what counts against does so, contradiction or not */
	check_judged(&model, sums_of(-2000, -5000, -3000, 0), -10000, 0);
	/* of numbers one in common is enough, of names the mean counts */
	sums = sums_of(9000, 4000, 0, 0);
	sums.weight[NUMBER] = 9000 - 7000;
	sums.weight[GIVEN] = 4000 - 1000;
	check_judged(&model, sums, 9000 + 1500, 0);
	/* with households among others, what they share tells less, and ever less */
	model.household = 1.0 / 256;
	check_judged(&model, sums_of(9000, 4000, 8000, 0), 9000 + 4000 + 7000, -1000);
	check_judged(&model, sums_of(0, 0, 50000, 0), 8000, -42000);
	check_judged(&model, sums_of(0, 0, -3000, 0), -3000, 0);
	/* nothing at all is the prior */
	check_judged(&model, sums_of(0, 0, 0, 0), 0, 0);
}

/* A pair's weight is what groups of one each are judged by. */
static void
test_weights(void)
{
	LinkModel model = make_model(100);
	uint32_t n = MAX_PERSONAS;
	LinkStore *store;

	model.household = 0.001;
	draw_personas(n);
	store = store_personas(&model, n);
	for (uint32_t a = 0; a < n; a++)
		for (uint32_t b = a + 1; b < n; b++)
		{
			ClusterEvidence evidence;
			ClusterSums sums = {0};
			signed char level[DETAILS];

			link_evidence(store, a, b, &evidence, level);
			for (int d = 0; d < DETAILS; d++)
			{
				bool present = evidence.present >> d & 1;

				MUST(level[d] == link_level(store, d, b, a) && present == (level[d] >= 0));
				MUST(present == (link_has(store, d, a) && link_has(store, d, b)));
				sums.count[d] = present;
				sums.weight[d] = evidence.weight[d];
				sums.best[d] = evidence.weight[d] > 0 ? evidence.weight[d] : 0;
			}
			MUST(link_weight(store, a, b) == link_weight(store, b, a));
			MUST(fabs(link_judge(&model, &sums, NULL) - (double) link_weight(store, a, b)) <= 1);
		}
	link_store_free(store);
}

static void
test_words(void)
{
	static const struct
	{
		const char *text;
		const char *words;
		const char *left;
	} known[] = {
		{"ann smith", "smith", "ann"},
		{"ann marie smith", "ann", "marie smith"},
		{"ann smith ann", "ann", "smith"},
		{"ann", "ann", ""},
		{"anne smith", "ann", "anne smith"},
		{"a b c d", "d b", "a c"},
		{"", "ann", ""},
		{"ann", "", "ann"},
	};

	for (size_t i = 0; i < lengthof(known); i++)
	{
		char text[32];
		size_t len = strlen(known[i].text);

		memcpy(text, known[i].text, len);
		len = link_leave_out_words(text, len, known[i].words, strlen(known[i].words));
		MUST(len == strlen(known[i].left) && memcmp(text, known[i].left, len) == 0);
	}
}

/* Two of one family on one number stay two people; who is not named goes with neither. */
static void
test_family(void)
{
	LinkModel model = make_model(100);
	LinkStore *store = link_store_create(&host, &model);
	LinkKeySet large = {0};
	ClusterPair *pairs;
	size_t npairs;
	uint32_t component[6];
	uint32_t cluster[6];

	add_rule(&model, NUMBER, LINK_WHOLE, -1, 0);
	add_persona(store, "+447700900001", "Will", "Smith", "1984-05-09", false);
	add_persona(store, "+447700900001", "Katherine", "Smith", "1986-11-21", false);
	add_persona(store, "+447700900001", "William", "Smith", "1984-05-09", false);
	add_persona(store, "+447700900001", "Katherine", "Smith", NULL, false);
	add_persona(store, "+447700900001", NULL, NULL, NULL, false);
	add_persona(store, "+447700900002", NULL, NULL, NULL, false);
	link_set_weights(store);
	link_kept_pairs(store, &large, false, &pairs, &npairs);
	MUST(npairs == 10);
	MUST(link_cluster(store, pairs, npairs, NULL, 0, NULL, 0, NULL, NULL, component, cluster) == 0);
	MUST(component[4] == 0 && component[5] == 5);
	MUST(cluster[0] == 0 && cluster[1] == 1 && cluster[2] == 0 && cluster[3] == 1 && cluster[4] == 4 && cluster[5] == 5);
	host_release(pairs);
	link_keyset_free(&host, &large);
	link_store_free(store);
	MUST(in_use == 0);
}

int
main(void)
{
	test_names_of_kinds();
	test_normal_forms();
	test_known_levels();
	test_levels();
	test_keys_of_stores();
	test_swapped_names();
	test_blocks();
	test_shared_numbers();
	test_household();
	test_weights();
	test_words();
	test_family();
	MUST(in_use == 0);
	return 0;
}
