/*-------------------------------------------------------------------------
 * linkage.c
 *	  Which personas are one person: stored values, evidence, blocks, groups.
 *
 * The levels of comparisons are in linkage_levels.c.
 *-------------------------------------------------------------------------
 */
#include "linkage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "contact_sort.h"
#include "similarity.h"

#define PAUSE_STEPS 4096
#define CACHE_SLOTS 65536 /* of levels, a comparison; a power of two */
#define NO_VALUE (-1)
#define SHRINKAGE 0.5 /* people added to those who are counted, of the average kind */
#define SHARED_AT_LEAST 0.02 /* others who share any value, at the very least */
#define CONTRADICTS (-4.0 * MILLIBITS) /* evidence of a name or date of birth */
#define LINK_LEAD 5 /* bits by which the place of a weak persona must be better than any other */
#define IDENTIFIES (10 * MILLIBITS) /* evidence of an identifier that overrides contradictions */
#define SWAPPED_SHARE 0.3 /* of the same names: given and family name exchanged */

/* All values of one comparison, each once. */
typedef struct Dictionary
{
	char *bytes;
	size_t nbytes;
	size_t max_bytes;
	uint32_t n;
	uint32_t max;
	size_t *offset; /* of each value, and of the end */
	uint64_t *hash;
	uint64_t *form[LINK_FORMS]; /* hash of each form that the kind has; 0 for none */
	double *people; /* who have it */
	int32_t *weight; /* of agreement on it, thousandths of a bit */
	uint32_t *slots;
	size_t nslots;
	uint64_t *cached_pair; /* the pair of values of which a level is known */
	signed char *cached_level;
} Dictionary;

struct LinkStore
{
	const Host *host;
	const LinkModel *model;
	uint32_t n;
	uint32_t max;
	int32_t *value; /* of each persona, its comparisons side by side */
	int64_t *rank;
	unsigned char *flags;
	Dictionary dictionary[FS_MAX_COMPARISONS];
	int32_t weight[FS_MAX_COMPARISONS][FS_MAX_LEVELS];
	int number; /* comparisons that are special, or -1 */
	int given;
	int family;
	unsigned steps;
};

#define OWN_NUMBER 1 /* somebody said so */
#define SHARED_NUMBER 2 /* many names say so */

static void
step(LinkStore *store)
{
	if (++store->steps % PAUSE_STEPS == 0)
		store->host->pause();
}

/* ---------------------------------------------------------------- values */

uint64_t
link_hash(const char *bytes, size_t len)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a, then spread */

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char) bytes[i]) * UINT64_C(0x100000001b3);
	hash = spread_bits(hash);
	return hash == 0 ? 1 : hash;
}

static void
start_dictionary(const Host *host, Dictionary *d, LinkKind kind)
{
	memset(d, 0, sizeof(Dictionary));
	d->max = 64;
	d->max_bytes = 1024;
	d->nslots = 256;
	d->bytes = host->alloc(d->max_bytes);
	d->offset = host->alloc((d->max + 1) * sizeof(size_t));
	d->offset[0] = 0;
	d->hash = host->alloc(d->max * sizeof(uint64_t));
	d->people = host->alloc(d->max * sizeof(double));
	d->weight = host->alloc(d->max * sizeof(int32_t));
	for (int form = 1; form < LINK_FORMS; form++)
		if (link_form_fits(form, kind))
			d->form[form] = host->alloc(d->max * sizeof(uint64_t));
	d->slots = host->alloc(d->nslots * sizeof(uint32_t));
	memset(d->slots, 0xff, d->nslots * sizeof(uint32_t));
}

static void
free_dictionary(const Host *host, Dictionary *d)
{
	host->release(d->bytes);
	host->release(d->offset);
	host->release(d->hash);
	host->release(d->people);
	host->release(d->weight);
	for (int form = 1; form < LINK_FORMS; form++)
		if (d->form[form] != NULL)
			host->release(d->form[form]);
	host->release(d->slots);
	if (d->cached_pair != NULL)
	{
		host->release(d->cached_pair);
		host->release(d->cached_level);
	}
}

static void
grow_dictionary(const Host *host, Dictionary *d)
{
	d->max *= 2;
	d->offset = host->resize(d->offset, (d->max + 1) * sizeof(size_t));
	d->hash = host->resize(d->hash, d->max * sizeof(uint64_t));
	d->people = host->resize(d->people, d->max * sizeof(double));
	d->weight = host->resize(d->weight, d->max * sizeof(int32_t));
	for (int form = 1; form < LINK_FORMS; form++)
		if (d->form[form] != NULL)
			d->form[form] = host->resize(d->form[form], d->max * sizeof(uint64_t));
	if (d->nslots < (size_t) d->max * 2)
	{
		host->release(d->slots);
		d->nslots *= 2;
		d->slots = host->alloc(d->nslots * sizeof(uint32_t));
		memset(d->slots, 0xff, d->nslots * sizeof(uint32_t));
		for (uint32_t i = 0; i < d->n; i++)
		{
			size_t slot = d->hash[i] & (d->nslots - 1);

			while (d->slots[slot] != UINT32_MAX)
				slot = (slot + 1) & (d->nslots - 1);
			d->slots[slot] = i;
		}
	}
}

static size_t
value_slot(const Dictionary *d, const char *value, size_t len, uint64_t hash)
{
	size_t slot = hash & (d->nslots - 1);

	while (d->slots[slot] != UINT32_MAX)
	{
		uint32_t i = d->slots[slot];

		if (d->hash[i] == hash && d->offset[i + 1] - d->offset[i] == len &&
			memcmp(d->bytes + d->offset[i], value, len) == 0)
			break;
		slot = (slot + 1) & (d->nslots - 1);
	}
	return slot;
}

static const char *
value_of(const Dictionary *d, int32_t id, size_t *len)
{
	*len = d->offset[id + 1] - d->offset[id];
	return d->bytes + d->offset[id];
}

/* The part of a normalised value that a block is made of; its length, 0 for none. */
static size_t
take_form(LinkForm form, const char *value, size_t len, char *out)
{
	const char *at;

	switch (form)
	{
		case LINK_SOUND:
			return similarity_sound(value, len, out, LINK_MAX_VALUE);
		case LINK_YEAR:
			if (len != 8)
				return 0;
			memcpy(out, value, 4);
			return 4;
		case LINK_DAY:
			if (len != 8)
				return 0;
			memcpy(out, value + 4, 4);
			return 4;
		case LINK_DISTRICT:
			len = len > 4 ? len - 3 : len;
			break;
		case LINK_LOCAL:
			at = memchr(value, '@', len);
			len = at == NULL ? len : (size_t) (at - value);
			break;
		case LINK_DOMAIN:
			at = memchr(value, '@', len);
			if (at == NULL)
				return 0;
			len -= at + 1 - value;
			value = at + 1;
			break;
		case LINK_START:
			len = len > 5 ? 5 : len;
			break;
		case LINK_WHOLE:
			break;
	}
	memcpy(out, value, len);
	return len;
}

static int32_t
intern(LinkStore *store, int comparison, const char *value, size_t len)
{
	Dictionary *d = &store->dictionary[comparison];
	uint64_t hash = link_hash(value, len);
	size_t slot = value_slot(d, value, len, hash);
	char part[LINK_MAX_VALUE];

	if (d->slots[slot] != UINT32_MAX)
		return d->slots[slot];
	if (d->n == d->max)
	{
		grow_dictionary(store->host, d);
		slot = value_slot(d, value, len, hash);
	}
	while (d->nbytes + len > d->max_bytes)
	{
		d->max_bytes *= 2;
		d->bytes = store->host->resize(d->bytes, d->max_bytes);
	}
	memcpy(d->bytes + d->nbytes, value, len);
	d->nbytes += len;
	d->hash[d->n] = hash;
	d->people[d->n] = 1;
	d->offset[d->n + 1] = d->nbytes;
	for (int form = 1; form < LINK_FORMS; form++)
		if (d->form[form] != NULL)
		{
			size_t n = take_form(form, value, len, part);

			d->form[form][d->n] = n == 0 ? 0 : link_hash(part, n);
		}
	d->slots[slot] = d->n;
	return d->n++;
}

/* -------------------------------------------------------------- personas */

static inline int32_t *
value_at(const LinkStore *store, int comparison, uint32_t persona)
{
	return store->value + (size_t) persona * store->model->fs.ncomparisons + comparison;
}

LinkStore *
link_store_create(const Host *host, const LinkModel *model)
{
	LinkStore *store = host->alloc(sizeof(LinkStore));

	memset(store, 0, sizeof(LinkStore));
	store->host = host;
	store->model = model;
	store->max = 64;
	store->number = store->given = store->family = -1;
	store->flags = host->alloc(store->max);
	store->rank = host->alloc(store->max * sizeof(int64_t));
	store->value = host->alloc(store->max * model->fs.ncomparisons * sizeof(int32_t));
	for (int i = 0; i < model->fs.ncomparisons; i++)
	{
		start_dictionary(host, &store->dictionary[i], model->comparison[i].kind);
		if (model->comparison[i].kind == LINK_NUMBER && store->number < 0)
			store->number = i;
		if (model->comparison[i].role == LINK_GIVEN_NAME)
			store->given = i;
		if (model->comparison[i].role == LINK_FAMILY_NAME)
			store->family = i;
	}
	return store;
}

void
link_store_free(LinkStore *store)
{
	const Host *host = store->host;

	for (int i = 0; i < store->model->fs.ncomparisons; i++)
		free_dictionary(host, &store->dictionary[i]);
	host->release(store->value);
	host->release(store->flags);
	host->release(store->rank);
	host->release(store);
}

/*
 * Take the words of the given and family name of the persona that is being
 * added from a text, since these are compared already: what a full name says
 * beyond them is what it adds.  They come before it in the model.
 */
static size_t
leave_out_names(const LinkStore *store, char *value, size_t len)
{
	int comparisons[2] = {store->given, store->family};

	for (int i = 0; i < 2; i++)
	{
		int32_t id = comparisons[i] < 0 ? NO_VALUE : *value_at(store, comparisons[i], store->n);
		const char *name;
		size_t name_len;

		if (id == NO_VALUE)
			continue;
		name = value_of(&store->dictionary[comparisons[i]], id, &name_len);
		len = link_leave_out_words(value, len, name, name_len);
	}
	return len;
}

/*
 * Add a persona: one text, or none, for each of the model's comparisons, and a
 * rank that is drawn by lot but always the same.  number_is_own: its number is
 * known to be one person's.
 */
uint32_t
link_store_add(LinkStore *store, const LinkText *details, int64_t rank, bool number_is_own)
{
	char value[LINK_MAX_VALUE];

	if (store->n == store->max)
	{
		store->max *= 2;
		store->value = store->host->resize(store->value,
										   (size_t) store->max * store->model->fs.ncomparisons * sizeof(int32_t));
		store->flags = store->host->resize(store->flags, store->max);
		store->rank = store->host->resize(store->rank, store->max * sizeof(int64_t));
	}
	for (int i = 0; i < store->model->fs.ncomparisons; i++)
	{
		const LinkComparison *c = &store->model->comparison[i];
		size_t len = details[i].bytes == NULL ? 0 : link_normalise(c->kind, details[i].bytes, details[i].len, value);

		if (c->kind == LINK_TEXT && !c->household)
			len = leave_out_names(store, value, len);
		*value_at(store, i, store->n) = len == 0 ? NO_VALUE : intern(store, i, value, len);
	}
	store->flags[store->n] = number_is_own ? OWN_NUMBER : 0;
	store->rank[store->n] = rank;
	step(store);
	return store->n++;
}

uint32_t
link_store_size(const LinkStore *store)
{
	return store->n;
}

int64_t
link_rank(const LinkStore *store, uint32_t persona)
{
	return store->rank[persona];
}

/* A persona's value; numbers that many names share are left out. */
int32_t
link_value_id(const LinkStore *store, int comparison, uint32_t persona)
{
	if (comparison == store->number && (store->flags[persona] & SHARED_NUMBER))
		return NO_VALUE;
	return *value_at(store, comparison, persona);
}

bool
link_has(const LinkStore *store, int comparison, uint32_t persona)
{
	return link_value_id(store, comparison, persona) != NO_VALUE;
}

const char *
link_value(const LinkStore *store, int comparison, uint32_t persona, size_t *len)
{
	int32_t id = *value_at(store, comparison, persona);

	*len = 0;
	return id == NO_VALUE ? NULL : value_of(&store->dictionary[comparison], id, len);
}

uint64_t
link_value_hash(const LinkStore *store, int comparison, uint32_t persona)
{
	int32_t id = *value_at(store, comparison, persona);

	return id == NO_VALUE ? 0 : store->dictionary[comparison].hash[id];
}

uint32_t
link_value_count(const LinkStore *store, int comparison)
{
	return store->dictionary[comparison].n;
}

uint64_t
link_value_id_hash(const LinkStore *store, int comparison, int32_t id)
{
	return store->dictionary[comparison].hash[id];
}

/* So many people have the value with this hash; unknown values are nobody's. */
void
link_set_term(LinkStore *store, int comparison, uint64_t hash, double people)
{
	Dictionary *d = &store->dictionary[comparison];
	size_t slot = hash & (d->nslots - 1);

	for (; d->slots[slot] != UINT32_MAX; slot = (slot + 1) & (d->nslots - 1))
		if (d->hash[d->slots[slot]] == hash)
			d->people[d->slots[slot]] = people;
}

/* Thousandths of a bit, away from infinity. */
static int32_t
millibits(double bits)
{
	if (bits > 100)
		bits = 100;
	if (!(bits > -100))
		bits = -100;
	return (int32_t) lrint(bits * MILLIBITS);
}

/*
 * The chance that somebody else has a value that people have: those others,
 * drawn towards what is usual for the comparison.
 */
static double
term_frequency(const LinkComparison *comparison, double people)
{
	double others = people > 1 ? people - 1 : 0;

	return (others + SHRINKAGE * comparison->sharing + SHARED_AT_LEAST) /
		   ((1 + SHRINKAGE) * (comparison->people > 1 ? comparison->people : 1));
}

/* Work out what levels and values are worth, once terms are set. */
void
link_set_weights(LinkStore *store)
{
	const LinkModel *model = store->model;

	for (int i = 0; i < model->fs.ncomparisons; i++)
	{
		Dictionary *d = &store->dictionary[i];
		const LinkComparison *comparison = &model->comparison[i];

		for (int level = 0; level < model->fs.nlevels[i]; level++)
			store->weight[i][level] = millibits(fs_level_weight(&model->fs, i, level));
		for (uint32_t id = 0; id < d->n; id++)
			d->weight[id] = !comparison->by_term ? store->weight[i][0] :
												   millibits(log2(model->fs.m[i][0] / fmin(1, term_frequency(comparison, d->people[id]))));
	}
}

/* Whether a persona has nothing but what a household shares. */
bool
link_is_weak(const LinkStore *store, uint32_t persona)
{
	const LinkModel *model = store->model;

	for (int i = 0; i < model->fs.ncomparisons; i++)
		if (!model->comparison[i].household && model->comparison[i].kind != LINK_CATEGORY &&
			model->comparison[i].kind != LINK_NUMBER && link_has(store, i, persona))
			return false;
	return true;
}

/*
 * Whether a persona's details can stand for a caller: a number of its own, an
 * identifier or an e-mail address; or two details, one of them personal.
 */
bool
link_tells_caller(const LinkStore *store, uint32_t persona)
{
	const LinkModel *model = store->model;
	int details = 0;

	for (int i = 0; i < model->fs.ncomparisons; i++)
	{
		LinkKind kind = model->comparison[i].kind;

		if (!link_has(store, i, persona))
			continue;
		if (kind == LINK_NUMBER || kind == LINK_IDENTIFIER || kind == LINK_EMAIL)
			return true;
		if (kind != LINK_CATEGORY)
			details++;
	}
	return details >= 2 && !link_is_weak(store, persona);
}

/* -------------------------------------------------------- shared numbers */

/* Whether two personas' names are of different people; unknown is no. */
static bool
names_differ(LinkStore *store, uint32_t a, uint32_t b)
{
	int comparisons[2] = {store->given, store->family};

	for (int i = 0; i < 2; i++)
	{
		int c = comparisons[i];
		int level = c < 0 ? FS_MISSING : link_level(store, c, a, b);

		if (level >= 0 && level == link_levels(store->model->comparison[c].kind) - 1)
			return true;
	}
	return false;
}

static int
compare_number(const void *a, const void *b)
{
	const LinkKey *x = a;
	const LinkKey *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->persona < y->persona ? -1 : x->persona > y->persona;
}

/* How many names that are all different from each other a number's personas have. */
static uint32_t
count_names(LinkStore *store, const LinkKey *holders, size_t n)
{
	uint32_t different[LINK_SHARED_NAMES];
	uint32_t names = 0;

	for (size_t i = 0; i < n && names < LINK_SHARED_NAMES; i++)
	{
		uint32_t persona = holders[i].persona;
		bool is_new = (store->given >= 0 && link_has(store, store->given, persona)) ||
					  (store->family >= 0 && link_has(store, store->family, persona));

		for (uint32_t j = 0; j < names && is_new; j++)
			is_new = names_differ(store, persona, different[j]);
		if (is_new)
			different[names++] = persona;
		step(store);
	}
	return names;
}

/*
 * Find the numbers that many different names use, and take them from their
 * personas, unless they are known to be one person's.  found is called for one
 * persona of each.  Returns how many there are.
 */
uint32_t
link_drop_shared_numbers(LinkStore *store, void (*found)(void *arg, uint32_t persona, uint32_t names),
						 void *arg)
{
	LinkKey *holders;
	size_t n = 0;
	uint32_t shared = 0;

	if (store->number < 0)
		return 0;
	holders = store->host->alloc((store->n + 1) * sizeof(LinkKey));
	for (uint32_t i = 0; i < store->n; i++)
		if (link_has(store, store->number, i) && !(store->flags[i] & OWN_NUMBER))
		{
			holders[n].key = *value_at(store, store->number, i);
			holders[n++].persona = i;
		}
	qsort(holders, n, sizeof(LinkKey), compare_number);
	for (size_t i = 0, j; i < n; i = j)
	{
		uint32_t names;

		for (j = i; j < n && holders[j].key == holders[i].key;)
			j++;
		if (j - i < LINK_SHARED_NAMES)
			continue;
		names = count_names(store, holders + i, j - i);
		if (names < LINK_SHARED_NAMES && j - i <= LINK_IDENTIFIER_BLOCK)
			continue;
		shared++;
		for (size_t k = i; k < j; k++)
			store->flags[holders[k].persona] |= SHARED_NUMBER;
		if (found != NULL)
			found(arg, holders[i].persona, names);
	}
	store->host->release(holders);
	return shared;
}

/* Take a persona's number from it, as one that was found to be shared before. */
void
link_mark_shared_number(LinkStore *store, uint32_t persona)
{
	store->flags[persona] |= SHARED_NUMBER;
}

bool
link_number_is_shared(const LinkStore *store, uint32_t persona)
{
	return (store->flags[persona] & SHARED_NUMBER) != 0;
}

/* -------------------------------------------------------------- evidence */

/* The level at which two personas agree; levels of pairs of values are kept. */
int
link_level(LinkStore *store, int comparison, uint32_t a, uint32_t b)
{
	Dictionary *d = &store->dictionary[comparison];
	int32_t x = link_value_id(store, comparison, a);
	int32_t y = link_value_id(store, comparison, b);
	uint64_t pair;
	size_t slot;

	if (x == NO_VALUE || y == NO_VALUE)
		return FS_MISSING;
	if (x == y)
		return 0;
	pair = x < y ? (uint64_t) x << 32 | (uint32_t) y : (uint64_t) y << 32 | (uint32_t) x;
	if (d->cached_pair == NULL)
	{
		d->cached_pair = store->host->alloc(CACHE_SLOTS * sizeof(uint64_t));
		d->cached_level = store->host->alloc(CACHE_SLOTS);
		memset(d->cached_pair, 0xff, CACHE_SLOTS * sizeof(uint64_t));
	}
	slot = spread_bits(pair) & (CACHE_SLOTS - 1);
	if (d->cached_pair[slot] != pair)
	{
		size_t xlen;
		size_t ylen;
		const char *xtext = value_of(d, x, &xlen);
		const char *ytext = value_of(d, y, &ylen);

		d->cached_level[slot] = link_compare(store->model->comparison[comparison].kind, xtext, xlen, ytext, ylen);
		d->cached_pair[slot] = pair;
	}
	return d->cached_level[slot];
}

/* Whether two values of different comparisons, of kind name, are one name with a slip or two. */
static bool
are_alike(const LinkStore *store, int x, uint32_t a, int y, uint32_t b)
{
	const Dictionary *dx = &store->dictionary[x];
	const Dictionary *dy = &store->dictionary[y];
	int32_t i = *value_at(store, x, a);
	int32_t j = *value_at(store, y, b);
	const char *text[2];
	size_t len[2];

	/* most names do not even sound alike */
	if (dx->hash[i] == dy->hash[j])
		return true;
	if (dx->form[LINK_SOUND] == NULL || dy->form[LINK_SOUND] == NULL ||
		dx->form[LINK_SOUND][i] != dy->form[LINK_SOUND][j])
		return false;
	text[0] = value_of(dx, i, &len[0]);
	text[1] = value_of(dy, j, &len[1]);
	return link_compare(LINK_NAME, text[0], len[0], text[1], len[1]) <= 2;
}

/* Whether a's given name is b's family name and the reverse. */
static bool
names_are_swapped(const LinkStore *store, uint32_t a, uint32_t b)
{
	return are_alike(store, store->given, a, store->family, b) &&
		   are_alike(store, store->family, a, store->given, b);
}

static void
heed_swapped_names(LinkStore *store, uint32_t a, uint32_t b, ClusterEvidence *evidence)
{
	const FsModel *fs = &store->model->fs;
	int given = store->given;
	int family = store->family;

	if (evidence->weight[given] + evidence->weight[family] >= 0 || !names_are_swapped(store, a, b))
		return;
	evidence->weight[given] = millibits(log2(SWAPPED_SHARE * fs->m[given][0] / fs->u[given][0]));
	evidence->weight[family] = store->weight[family][0];
}

/* What is taken from a pair's evidence because a household shares it. */
static int32_t
pair_adjustment(const LinkModel *model, const ClusterEvidence *evidence)
{
	ClusterSums sums;
	double household;

	for (int i = 0; i < model->fs.ncomparisons; i++)
	{
		sums.count[i] = evidence->present >> i & 1;
		sums.weight[i] = evidence->weight[i];
		sums.best[i] = evidence->weight[i] > 0 ? evidence->weight[i] : 0;
	}
	link_judge(model, &sums, &household);
	return (int32_t) lrint(household);
}

/*
 * What a pair of personas shows.  Where level is not NULL the levels go there.
 * Returns whether given and family name were found exchanged.
 */
bool
link_evidence(LinkStore *store, uint32_t a, uint32_t b, ClusterEvidence *evidence, signed char *level)
{
	int n = store->model->fs.ncomparisons;
	bool swapped = false;
	uint32_t names;
	int32_t before;

	evidence->present = 0;
	for (int i = 0; i < n; i++)
	{
		int at = link_level(store, i, a, b);

		if (level != NULL)
			level[i] = at;
		evidence->weight[i] = 0;
		if (at < 0)
			continue;
		evidence->present |= UINT32_C(1) << i;
		evidence->weight[i] = at == 0 ? store->dictionary[i].weight[link_value_id(store, i, a)] :
										store->weight[i][at];
	}
	names = store->given < 0 || store->family < 0 ? 0 :
													UINT32_C(1) << store->given | UINT32_C(1) << store->family;
	if (names != 0 && (evidence->present & names) == names)
	{
		before = evidence->weight[store->given];
		heed_swapped_names(store, a, b, evidence);
		swapped = evidence->weight[store->given] != before;
	}
	evidence->adjustment = pair_adjustment(store->model, evidence);
	return swapped;
}

int64_t
link_prior(const LinkModel *model)
{
	return millibits(fs_prior_weight(&model->fs));
}

/* Whether people have several true values, of which one in common is enough. */
static bool
has_several(LinkKind kind)
{
	return kind == LINK_NUMBER || kind == LINK_IDENTIFIER;
}

/* What one comparison shows between groups. */
static double
field_evidence(const LinkModel *model, const ClusterSums *sums, int i)
{
	if (sums->count[i] == 0)
		return 0;
	if (has_several(model->comparison[i].kind) && sums->best[i] > 0)
		return sums->best[i];
	return (double) sums->weight[i] / sums->count[i];
}

/* Whether given names or dates of birth say that these are different people. */
static bool
contradict(const LinkModel *model, const ClusterSums *sums)
{
	bool contradicts = false;

	for (int i = 0; i < model->fs.ncomparisons; i++)
	{
		const LinkComparison *c = &model->comparison[i];
		double evidence = field_evidence(model, sums, i);

		if ((c->role == LINK_GIVEN_NAME || c->role == LINK_BIRTH) && evidence < CONTRADICTS)
			contradicts = true;
		if (c->kind == LINK_IDENTIFIER && !c->household && evidence >= IDENTIFIES)
			return false;
	}
	return contradicts;
}

/*
 * Evidence between groups: of each comparison the mean over the pairs that
 * have it, of numbers and identifiers the best if any agree, and the prior
 * once.
 *
 * What a household shares makes it likely that two share a household, and no
 * likelier than that: with r for what it is worth together, lambda and h for
 * the shares of pairs that are one person, and that are different people of
 * one household, the odds are lambda r to h r + 1.  If given names or dates of
 * birth contradict, neither that nor a number counts for joining at all.
 * household is set to what these two take away.
 */
double
link_judge(const LinkModel *model, const ClusterSums *sums, double *household)
{
	bool contradicts = contradict(model, sums);
	double total = link_prior(model);
	double shared = 0;
	double lost = 0;

	for (int i = 0; i < model->fs.ncomparisons; i++)
	{
		const LinkComparison *c = &model->comparison[i];
		double evidence = field_evidence(model, sums, i);

		if (contradicts && evidence > 0 && (c->household || c->kind == LINK_NUMBER))
			lost += evidence;
		else if (c->household && c->kind != LINK_NUMBER)
			shared += evidence;
		else
			total += evidence;
	}
	if (shared > 0 && model->household > 0)
	{
		double over = log2(1 + model->household * exp2(shared / MILLIBITS)) * MILLIBITS;

		lost += over;
		shared -= over;
	}
	if (household != NULL)
		*household = -lost;
	return total + shared;
}

/* Evidence that two personas are one person, prior included. */
int64_t
link_weight(LinkStore *store, uint32_t a, uint32_t b)
{
	ClusterEvidence evidence;
	int64_t weight = link_prior(store->model);

	link_evidence(store, a, b, &evidence, NULL);
	for (int i = 0; i < store->model->fs.ncomparisons; i++)
		weight += evidence.weight[i];
	return weight + evidence.adjustment;
}

/*
 * Whether a pair belongs to one component: its evidence reaches the threshold,
 * or they have the same number, for those who have nothing else.
 */
bool
link_belongs(LinkStore *store, uint32_t a, uint32_t b)
{
	if (store->number >= 0)
	{
		int32_t number = link_value_id(store, store->number, a);

		if (number != NO_VALUE && number == link_value_id(store, store->number, b))
			return true;
	}
	return link_weight(store, a, b) >= store->model->threshold * MILLIBITS;
}

/* ---------------------------------------------------------------- blocks */

int
link_rule_limit(const LinkModel *model, const LinkRule *rule)
{
	LinkKind kind = model->comparison[rule->part[0].comparison].kind;

	if (rule->parts == 1 && (kind == LINK_NUMBER || kind == LINK_IDENTIFIER || kind == LINK_EMAIL))
		return LINK_IDENTIFIER_BLOCK;
	return model->block;
}

static uint64_t
form_hash(const LinkStore *store, int comparison, LinkForm form, uint32_t persona)
{
	int32_t id = *value_at(store, comparison, persona);
	const Dictionary *d = &store->dictionary[comparison];

	if (id == NO_VALUE)
		return 0;
	return form == LINK_WHOLE ? d->hash[id] : d->form[form][id];
}

/* What a persona's blocks are made of: the hash of each form of each detail, 0 for none. */
void
link_forms(const LinkStore *store, uint32_t persona, uint64_t hash[][LINK_FORMS])
{
	for (int i = 0; i < store->model->fs.ncomparisons; i++)
		for (int form = 0; form < LINK_FORMS; form++)
			if (link_form_fits(form, store->model->comparison[i].kind))
				hash[i][form] = form_hash(store, i, form, persona);
}

/* Work out what a rule's keys are made with. */
void
link_prepare_rule(const LinkModel *model, LinkRule *rule)
{
	rule->may_swap = rule->parts == 2 && rule->part[0].form == rule->part[1].form &&
					 model->comparison[rule->part[0].comparison].kind == LINK_NAME &&
					 model->comparison[rule->part[1].comparison].kind == LINK_NAME;
	for (int i = 0; i < rule->parts; i++)
	{
		const char *name = model->comparison[rule->part[i].comparison].name;

		rule->part[i].seed = (rule->may_swap ? 0 : link_hash(name, strlen(name))) + 1 + rule->part[i].form;
	}
}

/*
 * The block that a rule puts a persona in, 0 for none.  It is made of the names
 * of comparisons and of values alone, so it is the same in every store.
 */
uint64_t
link_key(const LinkStore *store, const LinkRule *rule, uint32_t persona)
{
	uint64_t key = rule->parts;

	for (int i = 0; i < rule->parts; i++)
	{
		uint64_t hash = form_hash(store, rule->part[i].comparison, rule->part[i].form, persona);

		if (hash == 0)
			return 0;
		key += spread_bits(hash ^ rule->part[i].seed);
	}
	key = spread_bits(key);
	return key == 0 ? 1 : key;
}

/* Whether a rule puts two personas into the same block. */
bool
link_same_block(const LinkStore *store, const LinkRule *rule, uint32_t a, uint32_t b)
{
	uint64_t first_a = form_hash(store, rule->part[0].comparison, rule->part[0].form, a);
	uint64_t first_b = form_hash(store, rule->part[0].comparison, rule->part[0].form, b);
	uint64_t second_a;
	uint64_t second_b;

	if (first_a == 0 || first_b == 0 || (first_a != first_b && !rule->may_swap))
		return false;
	if (rule->parts == 1)
		return true;
	second_a = form_hash(store, rule->part[1].comparison, rule->part[1].form, a);
	second_b = form_hash(store, rule->part[1].comparison, rule->part[1].form, b);
	if (second_a == 0 || second_b == 0)
		return false;
	return (first_a == first_b && second_a == second_b) ||
		   (rule->may_swap && first_a == second_b && second_a == first_b);
}

/* All keys of a persona, each once, into an array of LINK_MAX_RULES. */
size_t
link_keys(const LinkStore *store, uint32_t persona, uint64_t *keys)
{
	size_t n = 0;

	for (int r = 0; r < store->model->nrules; r++)
	{
		uint64_t key = link_key(store, &store->model->rule[r], persona);
		bool is_new = key != 0;

		for (size_t i = 0; i < n && is_new; i++)
			is_new = keys[i] != key;
		if (is_new)
			keys[n++] = key;
	}
	return n;
}

bool
link_keyset_find(const LinkKeySet *set, uint64_t key, int64_t *last)
{
	size_t slot;

	if (set->n == 0)
		return false;
	for (slot = key & (set->nslots - 1); set->slots[slot] != 0; slot = (slot + 1) & (set->nslots - 1))
		if (set->slots[slot] == key)
		{
			*last = set->last[slot];
			return true;
		}
	return false;
}

void
link_keyset_add(const Host *host, LinkKeySet *set, uint64_t key, int64_t last)
{
	size_t slot;

	if (link_keyset_find(set, key, &last))
		return;
	if (set->n * 2 >= set->nslots)
	{
		LinkKeySet larger = {0};

		larger.nslots = set->nslots == 0 ? 64 : set->nslots * 2;
		larger.slots = host->alloc(larger.nslots * sizeof(uint64_t));
		larger.last = host->alloc(larger.nslots * sizeof(int64_t));
		memset(larger.slots, 0, larger.nslots * sizeof(uint64_t));
		for (size_t i = 0; i < set->nslots; i++)
			if (set->slots[i] != 0)
				link_keyset_add(host, &larger, set->slots[i], set->last[i]);
		link_keyset_free(host, set);
		*set = larger;
	}
	for (slot = key & (set->nslots - 1); set->slots[slot] != 0;)
		slot = (slot + 1) & (set->nslots - 1);
	set->slots[slot] = key;
	set->last[slot] = last;
	set->n++;
}

void
link_keyset_free(const Host *host, LinkKeySet *set)
{
	if (set->slots != NULL)
	{
		host->release(set->slots);
		host->release(set->last);
	}
	memset(set, 0, sizeof(LinkKeySet));
}

/* Sort by key: sixteen bits at a time, stable. */
static void
sort_keys(const Host *host, LinkKey *keys, LinkKey *scratch, size_t n)
{
	for (int shift = 0; shift < 64; shift += 16)
	{
		static const size_t digits = 65536;
		size_t *starts;
		LinkKey *swap;

		starts = host->alloc((digits + 1) * sizeof(size_t));
		memset(starts, 0, (digits + 1) * sizeof(size_t));
		for (size_t i = 0; i < n; i++)
			starts[(keys[i].key >> shift & 65535) + 1]++;
		for (size_t i = 1; i <= digits; i++)
			starts[i] += starts[i - 1];
		for (size_t i = 0; i < n; i++)
			scratch[starts[keys[i].key >> shift & 65535]++] = keys[i];
		swap = keys;
		keys = scratch;
		scratch = swap;
		host->release(starts);
		host->pause();
	}
}

static size_t
gather_keys(LinkStore *store, const LinkRule *rule, LinkKey *keys, LinkKey *scratch)
{
	size_t n = 0;

	for (uint32_t i = 0; i < store->n; i++)
	{
		uint64_t key = link_key(store, rule, i);

		if (key == 0)
			continue;
		keys[n].key = key;
		keys[n++].persona = i;
		step(store);
	}
	if (n < 1000)
		qsort(keys, n, sizeof(LinkKey), compare_number);
	else
		sort_keys(store->host, keys, scratch, n);
	return n;
}

/* Whether a block brings two of its personas together. */
static bool
block_joins(const LinkStore *store, const LinkKeySet *large, uint64_t key, uint32_t a, uint32_t b)
{
	int64_t last;

	return !link_keyset_find(large, key, &last) || store->rank[a] <= last || store->rank[b] <= last;
}

/* Whether an earlier rule has brought two personas together. */
static bool
found_before(const LinkStore *store, int rule, const LinkKeySet *large, uint32_t a, uint32_t b)
{
	for (int r = 0; r < rule; r++)
		if (link_same_block(store, &store->model->rule[r], a, b) &&
			block_joins(store, large, link_key(store, &store->model->rule[r], a), a, b))
			return true;
	return false;
}

/* The rank of the last hub of a block that is too large. */
static int64_t
last_hub(const LinkStore *store, const LinkKey *block, size_t n)
{
	int64_t lowest[LINK_HUBS];
	size_t hubs = 0;

	for (size_t i = 0; i < n; i++)
	{
		int64_t rank = store->rank[block[i].persona];
		size_t at;

		if (hubs == LINK_HUBS && rank >= lowest[LINK_HUBS - 1])
			continue;
		at = hubs < LINK_HUBS ? hubs++ : LINK_HUBS - 1;
		for (; at > 0 && lowest[at - 1] > rank; at--)
			lowest[at] = lowest[at - 1];
		lowest[at] = rank;
	}
	return lowest[hubs - 1];
}

/* What a visit of pairs needs. */
typedef struct Visit
{
	LinkStore *store;
	const LinkKeySet *large;
	void (*visit)(void *arg, uint32_t a, uint32_t b);
	void *arg;
	int rule;
	size_t pairs;
} Visit;

static void
visit_pair(Visit *v, uint32_t a, uint32_t b)
{
	step(v->store);
	if (found_before(v->store, v->rule, v->large, a, b))
		return;
	v->visit(v->arg, a, b);
	v->pairs++;
}

/* Visit the pairs of a block: all, or those with a hub. */
static void
visit_block(Visit *v, const LinkKey *block, size_t n)
{
	int64_t last = 0;
	bool is_large = link_keyset_find(v->large, block[0].key, &last);

	for (size_t x = 0; x < n; x++)
	{
		if (is_large && v->store->rank[block[x].persona] > last)
			continue;
		/* of two hubs, or in a small block, the first visits the second */
		for (size_t y = is_large ? 0 : x + 1; y < n; y++)
			if (y > x || (y < x && v->store->rank[block[y].persona] > last))
				visit_pair(v, block[x].persona, block[y].persona);
	}
}

/*
 * Visit every pair of personas that a block brings together, once.  Where
 * sizes_are_known, large holds the blocks that have too many personas;
 * otherwise the sizes in the store count, and large is filled.  Returns how
 * many pairs.
 */
size_t
link_find_pairs(LinkStore *store, LinkKeySet *large, bool sizes_are_known,
				void (*visit)(void *arg, uint32_t a, uint32_t b), void *arg)
{
	const LinkModel *model = store->model;
	LinkKey *keys = store->host->alloc((store->n + 1) * sizeof(LinkKey));
	LinkKey *scratch = store->host->alloc((store->n + 1) * sizeof(LinkKey));
	Visit v = {store, large, visit, arg, 0, 0};

	for (v.rule = 0; v.rule < model->nrules; v.rule++)
	{
		size_t limit = link_rule_limit(model, &model->rule[v.rule]);
		size_t n = gather_keys(store, &model->rule[v.rule], keys, scratch);

		for (size_t i = 0, j; i < n; i = j)
		{
			for (j = i; j < n && keys[j].key == keys[i].key;)
				j++;
			if (!sizes_are_known && j - i > limit)
				link_keyset_add(store->host, large, keys[i].key, last_hub(store, keys + i, j - i));
			if (j - i > 1)
				visit_block(&v, keys + i, j - i);
		}
	}
	store->host->release(keys);
	store->host->release(scratch);
	return v.pairs;
}

/* ---------------------------------------------------------------- groups */

typedef struct Kept
{
	LinkStore *store;
	ClusterPair *pairs;
	size_t n;
	size_t max;
} Kept;

static void
keep_pair(void *arg, uint32_t a, uint32_t b)
{
	Kept *kept = arg;

	if (!link_belongs(kept->store, a, b))
		return;
	if (kept->n == kept->max)
	{
		kept->max *= 2;
		kept->pairs = kept->store->host->resize(kept->pairs, kept->max * sizeof(ClusterPair));
	}
	kept->pairs[kept->n].a = a;
	kept->pairs[kept->n].b = b;
	kept->pairs[kept->n++].weight = 0;
}

/* The pairs that share a block and belong to one component. */
void
link_kept_pairs(LinkStore *store, LinkKeySet *large, bool sizes_are_known, ClusterPair **pairs, size_t *npairs)
{
	Kept kept = {store, NULL, 0, 256};

	kept.pairs = store->host->alloc(kept.max * sizeof(ClusterPair));
	link_find_pairs(store, large, sizes_are_known, keep_pair, &kept);
	*pairs = kept.pairs;
	*npairs = kept.n;
}

/* A problem's argument: clusters.h knows of none but its own. */
typedef struct LinkProblem
{
	LinkStore *store;
	void (*merged)(void *arg, const ClusterMerge *merge);
	void *arg;
} LinkProblem;

static void
problem_weigh(void *arg, uint32_t a, uint32_t b, ClusterEvidence *evidence)
{
	link_evidence(((LinkProblem *) arg)->store, a, b, evidence, NULL);
}

static double
problem_judge(void *arg, const ClusterSums *sums)
{
	return link_judge(((LinkProblem *) arg)->store->model, sums, NULL);
}

static bool
problem_is_weak(void *arg, uint32_t node)
{
	return link_is_weak(((LinkProblem *) arg)->store, node);
}

static void
problem_merged(void *arg, const ClusterMerge *merge)
{
	LinkProblem *problem = arg;

	if (problem->merged != NULL)
		problem->merged(problem->arg, merge);
}

size_t
link_cluster(LinkStore *store, const ClusterPair *pairs, size_t npairs,
			 const ClusterPair *must, size_t nmust, const ClusterPair *cannot, size_t ncannot,
			 void (*merged)(void *arg, const ClusterMerge *merge), void *arg,
			 uint32_t *component, uint32_t *cluster)
{
	LinkProblem linked = {store, merged, arg};
	ClusterProblem problem = {0};

	problem.host = store->host;
	problem.arg = &linked;
	problem.nodes = store->n;
	problem.fields = store->model->fs.ncomparisons;
	problem.threshold = store->model->threshold * MILLIBITS;
	problem.prior = link_prior(store->model);
	problem.pairs = pairs;
	problem.npairs = npairs;
	problem.must = must;
	problem.nmust = nmust;
	problem.cannot = cannot;
	problem.ncannot = ncannot;
	problem.weigh = problem_weigh;
	problem.judge = problem_judge;
	problem.is_weak = problem_is_weak;
	problem.lead = LINK_LEAD * MILLIBITS;
	problem.merged = problem_merged;
	return clusters_find(&problem, component, cluster);
}
