/*-------------------------------------------------------------------------
 * linkage_store.c
 *	  Personas and their values, each value once; numbers that many share.
 *-------------------------------------------------------------------------
 */
#include "core/identity/linkage_store.h"

#include <stdlib.h>
#include <string.h>

#include "core/identity/place.h"
#include "core/identity/similarity.h"
#include "core/time/contact_sort.h"

#define SHRINKAGE 0.5 /* average people added to those who are counted */
#define SHARED_AT_LEAST 0.02 /* others who share any value, at the very least */

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
start_dictionary(const Host *host, LinkDictionary *d, LinkKind kind)
{
	memset(d, 0, sizeof(LinkDictionary));
	d->max = 64;
	d->max_bytes = 1024;
	d->bytes = host->alloc(d->max_bytes);
	d->offset = host->alloc((d->max + 1) * sizeof(size_t));
	d->offset[0] = 0;
	d->hash = host->alloc(d->max * sizeof(uint64_t));
	d->own = host->alloc(d->max);
	d->people = host->alloc(d->max * sizeof(double));
	d->weight = host->alloc(d->max * sizeof(int32_t));
	for (int form = 1; form < LINK_FORMS; form++)
		if (link_form_fits(form, kind))
			d->form[form] = host->alloc(d->max * sizeof(uint64_t));
	slots_lay(host, &d->slots, d->max);
}

static void
free_dictionary(const Host *host, LinkDictionary *d)
{
	host->release(d->bytes);
	host->release(d->offset);
	host->release(d->hash);
	host->release(d->own);
	host->release(d->people);
	host->release(d->weight);
	for (int form = 1; form < LINK_FORMS; form++)
		if (d->form[form] != NULL)
			host->release(d->form[form]);
	slots_release(host, &d->slots);
	if (d->cached_pair != NULL)
	{
		host->release(d->cached_pair);
		host->release(d->cached_level);
	}
}

static void
grow_dictionary(const Host *host, LinkDictionary *d)
{
	d->max *= 2;
	d->offset = host->resize(d->offset, (d->max + 1) * sizeof(size_t));
	d->hash = host->resize(d->hash, d->max * sizeof(uint64_t));
	d->own = host->resize(d->own, d->max);
	d->people = host->resize(d->people, d->max * sizeof(double));
	d->weight = host->resize(d->weight, d->max * sizeof(int32_t));
	for (int form = 1; form < LINK_FORMS; form++)
		if (d->form[form] != NULL)
			d->form[form] = host->resize(d->form[form], d->max * sizeof(uint64_t));
	slots_lay(host, &d->slots, d->max);
	for (uint32_t i = 0; i < d->n; i++)
		slots_put(&d->slots, d->hash[i], i);
}

static size_t
value_slot(const LinkDictionary *d, const char *value, size_t len, uint64_t hash)
{
	size_t slot = slots_first(&d->slots, hash);

	for (; d->slots.place[slot] != SLOT_FREE; slot = slots_next(&d->slots, slot))
	{
		uint32_t i = d->slots.place[slot];

		if (d->hash[i] == hash && d->offset[i + 1] - d->offset[i] == len &&
			memcmp(d->bytes + d->offset[i], value, len) == 0)
			break;
	}
	return slot;
}

/* A part of a postcode without a district gives no block. */
static size_t
district_length(const char *value, size_t len)
{
	switch (place_postcode(value, len))
	{
		case PLACE_NO_POSTCODE:
		case PLACE_AREA:
			return 0;
		case PLACE_DISTRICT:
			return len;
		case PLACE_SECTOR:
			return len - 2;
		case PLACE_UNIT:
			break;
	}
	return len > 4 ? len - 3 : len;
}

/* The part of a normalised value from which a block is made; returns its length, 0 for none. */
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
			len = district_length(value, len);
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
	LinkDictionary *d = &store->dictionary[comparison];
	uint64_t hash = link_hash(value, len);
	size_t slot = value_slot(d, value, len, hash);
	char part[LINK_MAX_VALUE];

	if (d->slots.place[slot] != SLOT_FREE)
		return d->slots.place[slot];
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
	d->own[d->n] = link_own_level(store->model->comparison[comparison].kind, value, len);
	d->people[d->n] = 1;
	d->offset[d->n + 1] = d->nbytes;
	for (int form = 1; form < LINK_FORMS; form++)
		if (d->form[form] != NULL)
		{
			size_t n = form == LINK_START && d->own[d->n] != 0 ? 0 : take_form(form, value, len, part);

			d->form[form][d->n] = n == 0 ? 0 : link_hash(part, n);
		}
	INVARIANT(d->n < d->max && d->offset[d->n] <= d->max_bytes);
	d->slots.place[slot] = d->n;
	return d->n++;
}

/* -------------------------------------------------------------- personas */

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
 * Remove from a text the words of the given and family name of the persona
 * that is being added.  These are compared already, so a full name adds only
 * its other words.
 */
static size_t
leave_out_names(const LinkStore *store, char *value, size_t len)
{
	int comparisons[2] = {store->given, store->family};

	for (int i = 0; i < 2; i++)
	{
		int32_t id = comparisons[i] < 0 ? LINK_NO_VALUE : *link_value_at(store, comparisons[i], store->n);
		const char *name;
		size_t name_len;

		if (id == LINK_NO_VALUE)
			continue;
		name = link_value_of(&store->dictionary[comparisons[i]], id, &name_len);
		len = link_leave_out_words(value, len, name, name_len);
	}
	return len;
}

/* Give the persona that is being added one detail. */
static void
add_detail(LinkStore *store, int comparison, const LinkText *detail)
{
	const LinkComparison *c = &store->model->comparison[comparison];
	char value[LINK_MAX_VALUE];
	size_t len = 0;

	if (detail->bytes != NULL)
		len = link_normalise(c->kind, detail->bytes, detail->len, value);
	if (c->kind == LINK_TEXT && !c->household)
		len = leave_out_names(store, value, len);
	if (len > 0)
		*link_value_at(store, comparison, store->n) = intern(store, comparison, value, len);
}

/*
 * Add a persona: one text, or none, for each of the model's comparisons, and a
 * random rank that is always the same.  number_is_own: its number is known to
 * belong to one person.
 */
uint32_t
link_store_add(LinkStore *store, const LinkText *details, int64_t rank, bool number_is_own)
{
	if (store->n == store->max)
	{
		store->max *= 2;
		store->value = store->host->resize(store->value,
										   (size_t) store->max * store->model->fs.ncomparisons * sizeof(int32_t));
		store->flags = store->host->resize(store->flags, store->max);
		store->rank = store->host->resize(store->rank, store->max * sizeof(int64_t));
	}
	for (int i = 0; i < store->model->fs.ncomparisons; i++)
		*link_value_at(store, i, store->n) = LINK_NO_VALUE;
	/* names first: texts are added without them */
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < store->model->fs.ncomparisons; i++)
		{
			bool after_names = store->model->comparison[i].kind == LINK_TEXT && !store->model->comparison[i].household;

			if (after_names == (round == 1))
				add_detail(store, i, &details[i]);
		}
	store->flags[store->n] = number_is_own ? LINK_OWN_NUMBER : 0;
	store->rank[store->n] = rank;
	link_step(store);
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

/* A persona's value; none for a number that many names share. */
int32_t
link_value_id(const LinkStore *store, int comparison, uint32_t persona)
{
	if (comparison == store->number && (store->flags[persona] & LINK_SHARED_NUMBER))
		return LINK_NO_VALUE;
	return *link_value_at(store, comparison, persona);
}

/* Whether a persona's value, which it has, is only a part of a place. */
bool
link_is_part(const LinkStore *store, int comparison, uint32_t persona)
{
	return store->dictionary[comparison].own[*link_value_at(store, comparison, persona)] != 0;
}

bool
link_has(const LinkStore *store, int comparison, uint32_t persona)
{
	return link_value_id(store, comparison, persona) != LINK_NO_VALUE;
}

const char *
link_value(const LinkStore *store, int comparison, uint32_t persona, size_t *len)
{
	int32_t id = *link_value_at(store, comparison, persona);

	*len = 0;
	return id == LINK_NO_VALUE ? NULL : link_value_of(&store->dictionary[comparison], id, len);
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

/* Set how many people have the value with this hash; unknown values are ignored. */
void
link_set_term(LinkStore *store, int comparison, uint64_t hash, double people)
{
	LinkDictionary *d = &store->dictionary[comparison];
	size_t slot = slots_first(&d->slots, hash);

	for (; d->slots.place[slot] != SLOT_FREE; slot = slots_next(&d->slots, slot))
		if (d->hash[d->slots.place[slot]] == hash)
			d->people[d->slots.place[slot]] = people;
}

/*
 * The chance that somebody else has a value: the share of these other people,
 * moved towards the average of the comparison.
 */
static double
term_frequency(const LinkComparison *comparison, double people)
{
	double others = people > 1 ? people - 1 : 0;

	return (others + SHRINKAGE * comparison->sharing + SHARED_AT_LEAST) /
		   ((1 + SHRINKAGE) * (comparison->people > 1 ? comparison->people : 1));
}

/* Work out the weights of levels and values, once term frequencies are set. */
void
link_set_weights(LinkStore *store)
{
	const LinkModel *model = store->model;

	for (int i = 0; i < model->fs.ncomparisons; i++)
	{
		LinkDictionary *d = &store->dictionary[i];
		const LinkComparison *comparison = &model->comparison[i];

		for (int level = 0; level < model->fs.nlevels[i]; level++)
			store->weight[i][level] = link_millibits(fs_level_weight(&model->fs, i, level));
		for (uint32_t id = 0; id < d->n; id++)
			d->weight[id] = !comparison->by_term ? store->weight[i][0] :
												   link_millibits(log2(model->fs.m[i][0] / fmin(1, term_frequency(comparison, d->people[id]))));
	}
}

/* Whether a persona has only details that a household shares. */
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
 * identifier or an e-mail address; or two details, one of them personal.  A
 * part of a place does not count.  An organisation is not a caller.
 */
bool
link_tells_caller(const LinkStore *store, uint32_t persona)
{
	const LinkModel *model = store->model;
	int details = 0;

	if (store->flags[persona] & LINK_ORGANISATION)
		return false;
	for (int i = 0; i < model->fs.ncomparisons; i++)
	{
		LinkKind kind = model->comparison[i].kind;

		if (!link_has(store, i, persona) || link_is_part(store, i, persona))
			continue;
		if (kind == LINK_NUMBER || kind == LINK_IDENTIFIER || kind == LINK_EMAIL)
			return true;
		if (kind != LINK_CATEGORY)
			details++;
	}
	return details >= 2 && !link_is_weak(store, persona);
}

/* -------------------------------------------------------- shared numbers */

/* Whether two personas' names are of different people; false if unknown. */
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
		link_step(store);
	}
	return names;
}

/*
 * Find the numbers that many different names use, and remove them from their
 * personas, unless they are known to belong to one person. found is called for
 * one persona of each.  Returns how many there are.
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
		if (link_has(store, store->number, i) && !(store->flags[i] & LINK_OWN_NUMBER))
		{
			holders[n].key = *link_value_at(store, store->number, i);
			holders[n++].persona = i;
		}
	qsort(holders, n, sizeof(LinkKey), link_compare_keys);
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
			store->flags[holders[k].persona] |= LINK_SHARED_NUMBER;
		if (found != NULL)
			found(arg, holders[i].persona, names);
	}
	store->host->release(holders);
	return shared;
}

/* Remove a persona's number, which was found to be shared before. */
void
link_mark_shared_number(LinkStore *store, uint32_t persona)
{
	store->flags[persona] |= LINK_SHARED_NUMBER;
}

/* Whether a persona is an organisation, as far as is known. */
void
link_mark_organisation(LinkStore *store, uint32_t persona)
{
	store->flags[persona] |= LINK_ORGANISATION;
}

bool
link_number_is_shared(const LinkStore *store, uint32_t persona)
{
	return (store->flags[persona] & LINK_SHARED_NUMBER) != 0;
}
