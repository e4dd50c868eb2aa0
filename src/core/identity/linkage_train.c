/*-------------------------------------------------------------------------
 * linkage_train.c
 *	  Learning a linkage model from personas without known matches.
 *
 * 1. u: levels of random pairs.
 * 2. Pairs that share a block under any of many candidate rules.  If there are
 *	  many personas, only a sample of the blocks is used, and each pair is
 *	  weighted by the inverse of its chance of being found.
 * 3. m and lambda by expectation maximisation over the patterns of these pairs,
 *	  where lambda is the share of matches among all pairs of personas.
 * 4. The rules that find nearly all of the expected matches at the least cost.
 * 5. Personas are clustered with this model, and people are counted: term
 *	  frequencies, u, m and lambda again, by which personas are together.
 */
#include "core/identity/linkage_train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/slots.h"
#include "core/time/contact_sort.h"

#define PAUSE_STEPS 4096
#define HOUSEHOLD_ROUNDS 30
#define RANDOM_PAIRS 300000
#define BLOCKED_PAIRS 3000000 /* compared, at most */
#define SKETCH_SLOTS (1 << 22) /* counters of block sizes; a power of two */
#define LEAST_GAIN 0.0005 /* of matches, for which a rule is worth its keys ... */
#define LEAST_YIELD 0.001 /* ... and of its pairs, for which it is worth comparing them */
#define MASK_WORDS (LINK_MAX_CANDIDATES / 64)
#define LARGE_CLUSTER 200 /* of which a sample of pairs is counted */

typedef struct BlockedPair
{
	uint64_t mask[MASK_WORDS]; /* candidate rules that find it */
	uint32_t pattern;
	float weight; /* pairs that it represents */
} BlockedPair;

typedef struct Trainer
{
	const Host *host;
	LinkStore *store;
	LinkModel *model;
	LinkTraining *training;
	uint64_t random;
	unsigned steps;
	double all_pairs;

	int nrules;
	LinkRule rule[LINK_MAX_CANDIDATES];
	LinkKeySet large[LINK_MAX_CANDIDATES];
	double found[LINK_MAX_CANDIDATES]; /* pairs in blocks */

	uint64_t *ids; /* pairs: lower persona in the upper half */
	size_t nids;
	size_t max_ids;
	bool overflow;
	BlockedPair *pairs;

	FsPattern *patterns;
	size_t npatterns;
	size_t max_patterns;
	Slots slots; /* of patterns */
} Trainer;

static void
step(Trainer *t)
{
	if (++t->steps % PAUSE_STEPS == 0)
		t->host->pause();
}

/* SplitMix64 (Steele, Lea & Flood, OOPSLA 2014). */
static uint64_t
next_random(Trainer *t)
{
	uint64_t z = t->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* --------------------------------------------------------------- u and m */

/*
 * Count the levels of random pairs, without those of one cluster, and take
 * them as the levels of non-matches.  Each level gets half a pair more.
 */
static void
draw_u(Trainer *t, const uint32_t *cluster)
{
	uint32_t n = link_store_size(t->store);
	FsModel *fs = &t->model->fs;
	double seen[FS_MAX_COMPARISONS] = {0};

	for (int i = 0; i < fs->ncomparisons; i++)
		for (int l = 0; l < fs->nlevels[i]; l++)
		{
			fs->u[i][l] = 0.5;
			seen[i] += 0.5;
		}
	for (int pair = 0; pair < RANDOM_PAIRS; pair++)
	{
		uint32_t a = next_random(t) % n;
		uint32_t b = next_random(t) % n;

		step(t);
		if (a == b || (cluster != NULL && cluster[a] == cluster[b]))
			continue;
		for (int i = 0; i < fs->ncomparisons; i++)
		{
			int level = link_level(t->store, i, a, b);

			if (level < 0)
				continue;
			fs->u[i][level]++;
			seen[i]++;
		}
	}
	for (int i = 0; i < fs->ncomparisons; i++)
		for (int l = 0; l < fs->nlevels[i]; l++)
			fs->u[i][l] /= seen[i];
}

/* Three quarters of matches agree, to start with. */
static void
start_m(Trainer *t)
{
	FsModel *fs = &t->model->fs;

	for (int i = 0; i < fs->ncomparisons; i++)
		for (int l = 0; l < fs->nlevels[i]; l++)
			fs->m[i][l] = l == 0 ? 0.75 : 0.25 / (fs->nlevels[i] - 1);
	fs->lambda = 1.0 / link_store_size(t->store);
}

/* ------------------------------------------------------- candidate rules */

/* Single details that few people share, if any. */
static bool
may_stand_alone(LinkKind kind, LinkForm form)
{
	return kind != LINK_CATEGORY &&
		   (form == LINK_WHOLE || form == LINK_LOCAL || form == LINK_DOMAIN);
}

/* Details that make a block in pairs; a number or identifier makes one alone. */
static bool
may_stand_together(LinkKind kind, LinkForm form)
{
	switch (kind)
	{
		case LINK_NUMBER:
		case LINK_CATEGORY:
			return false;
		case LINK_NAME:
		case LINK_TEXT:
		case LINK_ADDRESS:
		case LINK_EMAIL:
			return form != LINK_WHOLE;
		default:
			return true;
	}
}

static void
list_rules(Trainer *t)
{
	const LinkModel *model = t->model;
	int n = model->fs.ncomparisons;

	for (int i = 0; i < n; i++)
		for (int f = 0; f < LINK_FORMS; f++)
		{
			LinkKind kind = model->comparison[i].kind;

			if (!link_form_fits(f, kind))
				continue;
			if (may_stand_alone(kind, f) && t->nrules < LINK_MAX_CANDIDATES)
				t->rule[t->nrules++] = (LinkRule){1, {{i, f, 0}}, false};
		}
	for (int i = 0; i < n; i++)
		for (int j = i + 1; j < n; j++)
			for (int f = 0; f < LINK_FORMS; f++)
				for (int g = 0; g < LINK_FORMS; g++)
				{
					if (!link_form_fits(f, model->comparison[i].kind) || !link_form_fits(g, model->comparison[j].kind) ||
						!may_stand_together(model->comparison[i].kind, f) || !may_stand_together(model->comparison[j].kind, g))
						continue;
					if (t->nrules < LINK_MAX_CANDIDATES)
						t->rule[t->nrules++] = (LinkRule){2, {{i, f, 0}, {j, g, 0}}, false};
				}
	for (int r = 0; r < t->nrules; r++)
		link_prepare_rule(model, &t->rule[r]);
}

/* --------------------------------------------------------- blocked pairs */

/* Block sizes, counted with a sketch: few keys share a counter. */
static void
skip_large_blocks(Trainer *t, int rule, uint16_t *sketch)
{
	uint32_t n = link_store_size(t->store);
	uint16_t limit = link_rule_limit(t->model, &t->rule[rule]);

	memset(sketch, 0, SKETCH_SLOTS * sizeof(uint16_t));
	for (uint32_t i = 0; i < n; i++)
	{
		uint64_t key = link_key(t->store, &t->rule[rule], i);
		uint16_t *count = &sketch[key & (SKETCH_SLOTS - 1)];

		step(t);
		if (key != 0 && *count <= limit && ++*count > limit)
			link_keyset_add(t->host, &t->large[rule], key, 0);
	}
}

static bool
is_large(const Trainer *t, int rule, uint64_t key)
{
	int64_t last;

	return link_keyset_find(&t->large[rule], key, &last);
}

static void
add_id(Trainer *t, uint32_t a, uint32_t b)
{
	if (t->nids == t->max_ids)
	{
		if (t->max_ids >= BLOCKED_PAIRS * 2)
		{
			t->overflow = true;
			return;
		}
		t->max_ids *= 2;
		t->ids = t->host->resize(t->ids, t->max_ids * sizeof(uint64_t));
	}
	t->ids[t->nids++] = a < b ? (uint64_t) a << 32 | b : (uint64_t) b << 32 | a;
}

static int
compare_keys(const void *a, const void *b)
{
	const LinkKey *x = a;
	const LinkKey *y = b;

	return x->key != y->key        ? (x->key < y->key ? -1 : 1) :
		   x->persona < y->persona ? -1 :
									 x->persona > y->persona;
}

static int
compare_ids(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *) a;
	uint64_t y = *(const uint64_t *) b;

	return x < y ? -1 : x > y;
}

/* The pairs of one rule, from one block in so many. */
static void
find_pairs_of_rule(Trainer *t, int rule, LinkKey *keys)
{
	uint32_t n = link_store_size(t->store);
	uint32_t sampled = t->training->sampled;
	size_t nkeys = 0;

	for (uint32_t i = 0; i < n; i++)
	{
		uint64_t key = link_key(t->store, &t->rule[rule], i);

		step(t);
		if (key == 0 || (sampled > 1 && spread_bits(key) % sampled != 0))
			continue;
		keys[nkeys].key = key;
		keys[nkeys++].persona = i;
	}
	qsort(keys, nkeys, sizeof(LinkKey), compare_keys);
	t->found[rule] = 0;
	for (size_t i = 0, j; i < nkeys && !t->overflow; i = j)
	{
		for (j = i; j < nkeys && keys[j].key == keys[i].key;)
			j++;
		if (is_large(t, rule, keys[i].key))
			continue;
		t->found[rule] += 0.5 * (j - i) * (j - i - 1) * sampled;
		for (size_t x = i; x < j; x++)
			for (size_t y = x + 1; y < j; y++)
			{
				step(t);
				add_id(t, keys[x].persona, keys[y].persona);
			}
	}
}

static void
forget_doubles(Trainer *t)
{
	size_t n = 0;

	qsort(t->ids, t->nids, sizeof(uint64_t), compare_ids);
	for (size_t i = 0; i < t->nids; i++)
		if (i == 0 || t->ids[i] != t->ids[i - 1])
			t->ids[n++] = t->ids[i];
	t->nids = n;
}

/* Pairs of all candidate rules, from as many blocks as there is room for. */
static void
find_blocked_pairs(Trainer *t)
{
	uint32_t n = link_store_size(t->store);
	LinkKey *keys = t->host->alloc((n + 1) * sizeof(LinkKey));
	uint16_t *sketch = t->host->alloc(SKETCH_SLOTS * sizeof(uint16_t));

	for (int r = 0; r < t->nrules; r++)
		skip_large_blocks(t, r, sketch);
	t->host->release(sketch);
	t->max_ids = 65536;
	t->ids = t->host->alloc(t->max_ids * sizeof(uint64_t));
	t->training->sampled = 1 + (uint64_t) n * t->nrules / (4 * BLOCKED_PAIRS);
	do
	{
		t->nids = 0;
		t->overflow = false;
		for (int r = 0; r < t->nrules && !t->overflow; r++)
			find_pairs_of_rule(t, r, keys);
		if (t->overflow)
			t->training->sampled *= 2;
	} while (t->overflow);
	t->host->release(keys);
	forget_doubles(t);
}

/* -------------------------------------------------------------- patterns */

static size_t
pattern_slot(const Trainer *t, const signed char *level)
{
	const Slots *slots = &t->slots;
	size_t slot = slots_first(slots, link_hash((const char *) level, FS_MAX_COMPARISONS));

	while (slots->place[slot] != SLOT_FREE &&
		   memcmp(t->patterns[slots->place[slot]].level, level, FS_MAX_COMPARISONS) != 0)
		slot = slots_next(slots, slot);
	return slot;
}

static uint32_t
need_pattern(Trainer *t, const signed char *level)
{
	size_t slot = pattern_slot(t, level);

	if (t->slots.place[slot] != SLOT_FREE)
		return t->slots.place[slot];
	if (t->npatterns == t->max_patterns)
	{
		t->max_patterns *= 2;
		t->patterns = t->host->resize(t->patterns, t->max_patterns * sizeof(FsPattern));
		slots_lay(t->host, &t->slots, 2 * t->max_patterns);
		for (size_t i = 0; i < t->npatterns; i++)
			t->slots.place[pattern_slot(t, t->patterns[i].level)] = i;
		slot = pattern_slot(t, level);
	}
	INVARIANT(t->npatterns < t->max_patterns);
	memcpy(t->patterns[t->npatterns].level, level, FS_MAX_COMPARISONS);
	t->patterns[t->npatterns].n = 0;
	t->slots.place[slot] = t->npatterns;
	return t->npatterns++;
}

/* Which rules find a pair, and how many, without counting swapped names. */
static int
rules_that_find(Trainer *t, uint32_t a, uint32_t b, uint64_t *mask)
{
	uint64_t of_a[FS_MAX_COMPARISONS][LINK_FORMS];
	uint64_t of_b[FS_MAX_COMPARISONS][LINK_FORMS];
	int n = 0;

	link_forms(t->store, a, of_a);
	link_forms(t->store, b, of_b);
	memset(mask, 0, MASK_WORDS * sizeof(uint64_t));
	for (int r = 0; r < t->nrules; r++)
	{
		const LinkRule *rule = &t->rule[r];
		bool same = true;

		for (int p = 0; p < rule->parts; p++)
		{
			uint64_t hash = of_a[rule->part[p].comparison][rule->part[p].form];

			same = same && hash != 0 && hash == of_b[rule->part[p].comparison][rule->part[p].form];
		}
		if (!same || is_large(t, r, link_key(t->store, rule, a)))
			continue;
		mask[r / 64] |= UINT64_C(1) << r % 64;
		n++;
	}
	return n;
}

static void
count_patterns(Trainer *t)
{
	double chance = 1.0 / t->training->sampled;

	t->pairs = t->host->alloc((t->nids + 1) * sizeof(BlockedPair));
	t->max_patterns = 4096;
	t->patterns = t->host->alloc(t->max_patterns * sizeof(FsPattern));
	slots_lay(t->host, &t->slots, 2 * t->max_patterns);
	for (size_t i = 0; i < t->nids; i++)
	{
		BlockedPair *pair = &t->pairs[i];
		uint32_t a = t->ids[i] >> 32;
		uint32_t b = (uint32_t) t->ids[i];
		signed char level[FS_MAX_COMPARISONS];
		int finders = rules_that_find(t, a, b, pair->mask);

		memset(level, FS_MISSING, sizeof(level));
		for (int c = 0; c < t->model->fs.ncomparisons; c++)
			level[c] = link_level(t->store, c, a, b);
		pair->pattern = need_pattern(t, level);
		pair->weight = 1 / (1 - pow(1 - chance, finders < 1 ? 1 : finders));
		INVARIANT(a < b && pair->weight >= 1);
		t->patterns[pair->pattern].n += pair->weight;
		t->training->pairs += pair->weight;
		step(t);
	}
	t->host->release(t->ids);
}

static bool
pause_fit(void *arg)
{
	((Trainer *) arg)->host->pause();
	return false;
}

static void
fit(Trainer *t)
{
	FsOptions options = {0};

	options.fix_u = true;
	options.total_pairs = t->all_pairs;
	options.max_iterations = 200;
	options.tolerance = 1e-5;
	options.prior_count = 0.1;
	t->training->em = fs_fit(&t->model->fs, t->patterns, t->npatterns, &options, pause_fit, t);
}

/* The weight in bits of a pattern's household comparisons, or of the others. */
static double
pattern_weight(const LinkModel *model, const FsPattern *pattern, bool of_household)
{
	double weight = 0;

	for (int i = 0; i < model->fs.ncomparisons; i++)
	{
		bool shared = model->comparison[i].household && model->comparison[i].kind != LINK_NUMBER;

		if (pattern->level[i] >= 0 && shared == of_household)
			weight += fs_level_weight(&model->fs, i, pattern->level[i]);
	}
	return weight;
}

/*
 * Estimate how many pairs are different people of one household: a third
 * class, which agrees on the household's details as often as one person, and
 * on all others as often as strangers.  Its share, that of matches and m are
 * estimated together, starting from the two classes.
 */
static void
fit_household(Trainer *t)
{
	LinkModel *model = t->model;
	FsModel *fs = &model->fs;

	model->household = fs->lambda;
	for (int round = 0; round < HOUSEHOLD_ROUNDS; round++)
	{
		double seen[FS_MAX_COMPARISONS][FS_MAX_LEVELS];
		double matches = 0;
		double household = 0;

		for (int i = 0; i < fs->ncomparisons; i++)
			for (int l = 0; l < fs->nlevels[i]; l++)
				seen[i][l] = 0.1;
		t->host->pause();
		for (size_t k = 0; k < t->npatterns; k++)
		{
			const FsPattern *pattern = &t->patterns[k];
			double shared = exp2(pattern_weight(model, pattern, true));
			double one = fs->lambda * shared * exp2(pattern_weight(model, pattern, false));
			double mates = model->household * shared;
			double all = one + mates + 1;
			double p = pattern->n * one / all;

			matches += p;
			household += pattern->n * mates / all;
			for (int i = 0; i < fs->ncomparisons; i++)
				if (pattern->level[i] >= 0)
					seen[i][(int) pattern->level[i]] += p;
		}
		for (int i = 0; i < fs->ncomparisons; i++)
		{
			double total = 0;

			for (int l = 0; l < fs->nlevels[i]; l++)
				total += seen[i][l];
			for (int l = 0; l < fs->nlevels[i]; l++)
				fs->m[i][l] = seen[i][l] / total;
		}
		fs->lambda = fmin(0.5, fmax(matches, 1) / t->all_pairs);
		model->household = household / t->all_pairs;
	}
	t->training->matches = fs->lambda * t->all_pairs;
}

/* -------------------------------------------------------- choosing rules */

/* The probability that a pattern is that of one person. */
static double
match_probability(const LinkModel *model, const FsPattern *pattern)
{
	double shared = exp2(pattern_weight(model, pattern, true));
	double one = model->fs.lambda * shared * exp2(pattern_weight(model, pattern, false));

	return one / (one + model->household * shared + 1);
}

/* The matches that each rule would add: those not covered yet. */
static void
sum_gains(Trainer *t, const float *uncovered, double *gain)
{
	memset(gain, 0, t->nrules * sizeof(double));
	for (size_t i = 0; i < t->nids; i++)
	{
		step(t);
		if (uncovered[i] == 0)
			continue;
		for (int w = 0; w < MASK_WORDS; w++)
			for (uint64_t bits = t->pairs[i].mask[w]; bits != 0; bits &= bits - 1)
				gain[w * 64 + __builtin_ctzll(bits)] += uncovered[i];
	}
}

/* The rule of a number alone, or -1: it is for personas that have nothing else. */
static int
number_rule(const Trainer *t)
{
	for (int r = 0; r < t->nrules; r++)
		if (t->rule[r].parts == 1 && t->model->comparison[t->rule[r].part[0].comparison].kind == LINK_NUMBER)
			return r;
	return -1;
}

/* The rule with the most matches for its cost, or -1 where none is worth a key for every persona. */
static int
best_rule(const Trainer *t, const double *gain, double total)
{
	double personas = link_store_size(t->store);
	int best = -1;

	for (int r = 0; r < t->nrules; r++)
		if (gain[r] > 0 && gain[r] >= LEAST_GAIN * total && gain[r] >= LEAST_YIELD * t->found[r] &&
			(best < 0 || gain[r] / (personas + t->found[r]) > gain[best] / (personas + t->found[best])))
			best = r;
	return best;
}

/* Add a candidate rule to the model; the pairs it finds are covered. */
static void
take_rule(Trainer *t, int rule, double share, float *uncovered)
{
	LinkModel *model = t->model;

	t->training->rule_gain[model->nrules] = share;
	t->training->rule_pairs[model->nrules] = t->found[rule];
	model->rule[model->nrules++] = t->rule[rule];
	for (size_t i = 0; i < t->nids; i++)
		if (t->pairs[i].mask[rule / 64] >> rule % 64 & 1)
			uncovered[i] = 0;
}

/* Choose the rule of a number first, then always the best. */
static void
choose_rules(Trainer *t)
{
	float *uncovered = t->host->alloc((t->nids + 1) * sizeof(float));
	double gain[LINK_MAX_CANDIDATES];
	double total = 0;
	double reached = 0;

	for (size_t i = 0; i < t->nids; i++)
	{
		uncovered[i] = t->pairs[i].weight * match_probability(t->model, &t->patterns[t->pairs[i].pattern]);
		if (uncovered[i] < 0.01 * t->pairs[i].weight)
			uncovered[i] = 0;
		total += uncovered[i];
	}
	t->model->nrules = 0;
	while (t->model->nrules < LINK_MAX_RULES)
	{
		int rule = t->model->nrules == 0 ? number_rule(t) : -1;

		sum_gains(t, uncovered, gain);
		if (rule < 0)
			rule = best_rule(t, gain, total);
		if (rule < 0)
			break;
		reached += gain[rule];
		take_rule(t, rule, total > 0 ? gain[rule] / total : 0, uncovered);
	}
	t->training->reached = total > 0 ? reached / total : 0;
	t->host->release(uncovered);
}

/* ---------------------------------------------------------------- people */

static bool
is_identifying(LinkKind kind)
{
	return kind == LINK_NUMBER || kind == LINK_IDENTIFIER || kind == LINK_EMAIL;
}

/* Clusters of personas that have nothing personal, and so may be anybody. */
static bool *
find_weak_clusters(Trainer *t, const uint32_t *cluster)
{
	uint32_t n = link_store_size(t->store);
	bool *weak = t->host->alloc(n + 1);

	memset(weak, true, n + 1);
	for (uint32_t i = 0; i < n; i++)
		if (!link_is_weak(t->store, i))
			weak[cluster[i]] = false;
	return weak;
}

/*
 * Count who has each value.  A person with several values, or none in some
 * personas, counts as one in total, divided by personas.  Weak clusters count
 * for a value that no other cluster has.
 */
static void
count_people(Trainer *t, int comparison, const uint32_t *cluster, const bool *weak, double *people)
{
	uint32_t n = link_store_size(t->store);
	uint32_t values = link_value_count(t->store, comparison);
	LinkComparison *c = &t->model->comparison[comparison];
	uint32_t *personas = t->host->alloc((n + 1) * sizeof(uint32_t));
	double *nobodies = t->host->alloc((values + 1) * sizeof(double));
	double shared = 0;

	memset(personas, 0, (n + 1) * sizeof(uint32_t));
	memset(people, 0, values * sizeof(double));
	memset(nobodies, 0, values * sizeof(double));
	for (uint32_t i = 0; i < n; i++)
		if (link_has(t->store, comparison, i) && !link_is_part(t->store, comparison, i))
			personas[cluster[i]]++;
	for (uint32_t i = 0; i < n; i++)
		if (link_has(t->store, comparison, i) && !link_is_part(t->store, comparison, i))
			(weak[cluster[i]] ? nobodies : people)[link_value_id(t->store, comparison, i)] += 1.0 / personas[cluster[i]];
	c->people = 0;
	for (uint32_t v = 0; v < values; v++)
	{
		if (people[v] == 0)
			people[v] = nobodies[v];
		c->people += people[v];
		shared += people[v] > 1 ? people[v] * (people[v] - 1) : 0;
	}
	c->sharing = c->people > 0 ? shared / c->people : 0;
	t->host->release(personas);
	t->host->release(nobodies);
}

/*
 * Set term frequencies and weights.  As long as each persona is alone (first),
 * people who call often would make their own number common, so each identifier
 * counts as one person's.
 */
static void
set_terms(Trainer *t, const uint32_t *cluster, bool first, LinkTermSink sink, void *arg)
{
	bool *weak = find_weak_clusters(t, cluster);

	for (int i = 0; i < t->model->fs.ncomparisons; i++)
	{
		uint32_t values = link_value_count(t->store, i);
		double *people = t->host->alloc((values + 1) * sizeof(double));

		count_people(t, i, cluster, weak, people);
		if (first && is_identifying(t->model->comparison[i].kind))
		{
			t->model->comparison[i].sharing = 0;
			for (uint32_t v = 0; v < values; v++)
				people[v] = 1;
		}
		for (uint32_t v = 0; v < values && t->model->comparison[i].by_term; v++)
		{
			uint64_t hash = link_value_id_hash(t->store, i, v);

			if (people[v] < 1.5)
				people[v] = 1;
			link_set_term(t->store, i, hash, people[v]);
			if (sink != NULL && people[v] > 1)
				sink(arg, i, hash, people[v]);
		}
		t->host->release(people);
	}
	t->host->release(weak);
	link_set_weights(t->store);
}

static void
count_cluster_pair(Trainer *t, uint32_t a, uint32_t b, double weight, double seen[][FS_MAX_LEVELS])
{
	step(t);
	for (int i = 0; i < t->model->fs.ncomparisons; i++)
	{
		int level = link_level(t->store, i, a, b);

		if (level >= 0)
			seen[i][level] += weight;
	}
}

/*
 * Less agreement is never worth more: levels where it would be get one common
 * weight (pool adjacent violators: Ayer et al., Annals of Mathematical
 * Statistics 26, 1955).  Shares of each level among non-matches stay, and the
 * sum of those among matches.
 */
static void
pool_levels(FsModel *fs, int comparison)
{
	double m[FS_MAX_LEVELS];
	double u[FS_MAX_LEVELS];
	int levels[FS_MAX_LEVELS];
	int pools = 0;
	int level = 0;

	for (int l = 0; l < fs->nlevels[comparison]; l++)
	{
		m[pools] = fs->m[comparison][l];
		u[pools] = fs->u[comparison][l];
		levels[pools++] = 1;
		while (pools > 1 && m[pools - 1] * u[pools - 2] > m[pools - 2] * u[pools - 1])
		{
			m[pools - 2] += m[pools - 1];
			u[pools - 2] += u[pools - 1];
			levels[pools - 2] += levels[pools - 1];
			pools--;
		}
	}
	for (int pool = 0; pool < pools; pool++)
		for (int i = 0; i < levels[pool]; i++, level++)
			fs->m[comparison][level] = m[pool] * fs->u[comparison][level] / u[pool];
}

/*
 * m from pairs within clusters.  A person with many personas would outweigh
 * the others, so each persona has the same weight, whoever it belongs to.
 */
static void
learn_from_clusters(Trainer *t, const uint32_t *cluster)
{
	uint32_t n = link_store_size(t->store);
	FsModel *fs = &t->model->fs;
	LinkKey *member = t->host->alloc((n + 1) * sizeof(LinkKey));
	double seen[FS_MAX_COMPARISONS][FS_MAX_LEVELS];
	double pairs = 1;

	/* a level that was never seen has weight 0, unless other levels change that */
	for (int i = 0; i < fs->ncomparisons; i++)
		for (int l = 0; l < fs->nlevels[i]; l++)
			seen[i][l] = fs->u[i][l];
	for (uint32_t i = 0; i < n; i++)
		member[i] = (LinkKey){cluster[i], i};
	qsort(member, n, sizeof(LinkKey), compare_keys);
	t->training->people = 0;
	for (uint32_t i = 0, j; i < n; i = j)
	{
		uint32_t size;

		for (j = i; j < n && member[j].key == member[i].key;)
			j++;
		size = j - i;
		t->training->people++;
		pairs += 0.5 * size * (size - 1);
		if (size <= LARGE_CLUSTER)
			for (uint32_t x = i; x < j; x++)
				for (uint32_t y = x + 1; y < j; y++)
					count_cluster_pair(t, member[x].persona, member[y].persona, 2.0 / size, seen);
		else
			for (uint32_t k = 0; k < size; k++)
				count_cluster_pair(t, member[i + k].persona, member[i + next_random(t) % size].persona, 1, seen);
	}
	for (int i = 0; i < fs->ncomparisons; i++)
	{
		double total = 0;

		for (int l = 0; l < fs->nlevels[i]; l++)
			total += seen[i][l];
		for (int l = 0; l < fs->nlevels[i]; l++)
			fs->m[i][l] = seen[i][l] / total;
		pool_levels(fs, i);
	}
	fs->lambda = fmin(0.5, pairs / t->all_pairs);
	t->host->release(member);
}

static void
cluster_personas(Trainer *t, uint32_t *cluster)
{
	uint32_t n = link_store_size(t->store);
	uint32_t *component = t->host->alloc((n + 1) * sizeof(uint32_t));
	LinkKeySet large = {0};
	ClusterPair *pairs;
	size_t npairs;

	link_drop_shared_numbers(t->store, NULL, NULL);
	link_kept_pairs(t->store, &large, false, &pairs, &npairs);
	link_cluster(t->store, pairs, npairs, NULL, 0, NULL, 0, NULL, NULL, component, cluster);
	t->host->release(pairs);
	t->host->release(component);
	link_keyset_free(t->host, &large);
}

static void
release_trainer(Trainer *t)
{
	for (int r = 0; r < t->nrules; r++)
		link_keyset_free(t->host, &t->large[r]);
	t->host->release(t->pairs);
	t->host->release(t->patterns);
	slots_release(t->host, &t->slots);
}

void
link_train(const Host *host, LinkStore *store, LinkModel *model, uint64_t seed,
		   LinkTermSink sink, void *arg, LinkTraining *training)
{
	Trainer *t = host->alloc(sizeof(Trainer));
	uint32_t n = link_store_size(store);
	uint32_t *cluster = host->alloc((n + 1) * sizeof(uint32_t));

	memset(t, 0, sizeof(Trainer));
	memset(training, 0, sizeof(LinkTraining));
	t->host = host;
	t->store = store;
	t->model = model;
	t->training = training;
	t->random = seed;
	t->all_pairs = 0.5 * n * (n - 1.0);
	list_rules(t);
	draw_u(t, NULL);
	start_m(t);
	find_blocked_pairs(t);
	count_patterns(t);
	fit(t);
	fit_household(t);
	choose_rules(t);

	for (uint32_t i = 0; i < n; i++)
		cluster[i] = i;
	set_terms(t, cluster, true, NULL, NULL);
	cluster_personas(t, cluster);
	draw_u(t, cluster);
	learn_from_clusters(t, cluster);
	set_terms(t, cluster, false, sink, arg);
	release_trainer(t);
	host->release(t);
	host->release(cluster);
}
