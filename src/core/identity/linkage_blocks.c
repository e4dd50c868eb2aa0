/*-------------------------------------------------------------------------
 * linkage_blocks.c
 *	  Which personas are compared: those that share a block.
 *-------------------------------------------------------------------------
 */
#include "core/identity/linkage_store.h"

#include <stdlib.h>
#include <string.h>

#include "core/time/contact_sort.h"

/* By key, then persona. */
int
link_compare_keys(const void *a, const void *b)
{
	const LinkKey *x = a;
	const LinkKey *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->persona < y->persona ? -1 : x->persona > y->persona;
}

int
link_rule_limit(const LinkModel *model, const LinkRule *rule)
{
	LinkKind kind = model->comparison[rule->part[0].comparison].kind;

	if (rule->parts == 1 && (kind == LINK_NUMBER || kind == LINK_IDENTIFIER || kind == LINK_EMAIL))
		return LINK_IDENTIFIER_BLOCK;
	return model->block;
}

/* Part of a place is not enough to search by. */
static uint64_t
form_hash(const LinkStore *store, int comparison, LinkForm form, uint32_t persona)
{
	int32_t id = *link_value_at(store, comparison, persona);
	const LinkDictionary *d = &store->dictionary[comparison];

	if (id == LINK_NO_VALUE)
		return 0;
	if (form == LINK_WHOLE)
		return d->own[id] == 0 ? d->hash[id] : 0;
	return d->form[form][id];
}

/* The sources of a persona's blocks: the hash of each form of each detail, 0 for none. */
void
link_forms(const LinkStore *store, uint32_t persona, uint64_t hash[][LINK_FORMS])
{
	for (int i = 0; i < store->model->fs.ncomparisons; i++)
		for (int form = 0; form < LINK_FORMS; form++)
			if (link_form_fits(form, store->model->comparison[i].kind))
				hash[i][form] = form_hash(store, i, form, persona);
}

/* Work out how a rule's keys are made: the seed of each part, and whether names may be swapped. */
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
 * The block that a rule puts a persona in, 0 for none.  It depends only on the
 * names of comparisons and on values, so it is the same in every store.
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
		link_step(store);
	}
	if (n < 1000)
		qsort(keys, n, sizeof(LinkKey), link_compare_keys);
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

/* The arguments of a visit of pairs. */
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
	link_step(v->store);
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
