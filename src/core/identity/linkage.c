/*-------------------------------------------------------------------------
 * linkage.c
 *	  Evidence that personas are one person: between two, and between groups.
 *
 * Values are in linkage_store.c, their levels in linkage_levels.c, which
 * personas are compared in linkage_blocks.c, and the groups in linkage_groups.c.
 *-------------------------------------------------------------------------
 */
#include "core/identity/linkage_store.h"

#include <string.h>

#include "core/time/contact_sort.h"

#define CACHE_SLOTS 65536 /* of levels, per comparison; a power of two */
#define CONTRADICTS (-4.0 * MILLIBITS) /* evidence of a name or date of birth */
#define IDENTIFIES (10 * MILLIBITS) /* evidence of an identifier that overrides contradictions */
#define SWAPPED_SHARE 0.3 /* of the same names: given and family name swapped */

/* -------------------------------------------------------------- evidence */

/* The level at which two personas agree.  Levels of pairs of values are cached. */
int
link_level(LinkStore *store, int comparison, uint32_t a, uint32_t b)
{
	LinkDictionary *d = &store->dictionary[comparison];
	int32_t x = link_value_id(store, comparison, a);
	int32_t y = link_value_id(store, comparison, b);
	uint64_t pair;
	size_t slot;

	if (x == LINK_NO_VALUE || y == LINK_NO_VALUE)
		return FS_MISSING;
	if (x == y)
		return d->own[x];
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
		LinkKind kind = store->model->comparison[comparison].kind;
		size_t xlen;
		size_t ylen;
		const char *xtext = link_value_of(d, x, &xlen);
		const char *ytext = link_value_of(d, y, &ylen);

		d->cached_level[slot] = (d->own[x] | d->own[y]) == 0 ?
									link_compare_whole(kind, xtext, xlen, ytext, ylen) :
									link_compare(kind, xtext, xlen, ytext, ylen);
		d->cached_pair[slot] = pair;
	}
	return d->cached_level[slot];
}

/* Whether two values of different comparisons, of kind name, are one name with one or two typing errors. */
static bool
are_alike(const LinkStore *store, int x, uint32_t a, int y, uint32_t b)
{
	const LinkDictionary *dx = &store->dictionary[x];
	const LinkDictionary *dy = &store->dictionary[y];
	int32_t i = *link_value_at(store, x, a);
	int32_t j = *link_value_at(store, y, b);
	const char *text[2];
	size_t len[2];

	/* most names do not even sound alike */
	if (dx->hash[i] == dy->hash[j])
		return true;
	if (dx->form[LINK_SOUND] == NULL || dy->form[LINK_SOUND] == NULL ||
		dx->form[LINK_SOUND][i] != dy->form[LINK_SOUND][j])
		return false;
	text[0] = link_value_of(dx, i, &len[0]);
	text[1] = link_value_of(dy, j, &len[1]);
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
	evidence->weight[given] = link_millibits(log2(SWAPPED_SHARE * fs->m[given][0] / fs->u[given][0]));
	evidence->weight[family] = store->weight[family][0];
}

/* The part of a pair's evidence that is taken off because a household shares the details. */
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
 * The evidence of a pair of personas.  If level is not NULL it gets the
 * levels.  Returns whether given and family name are swapped.
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
	return link_millibits(fs_prior_weight(&model->fs));
}

/* Whether people have several true values, of which one in common is enough. */
static bool
has_several(LinkKind kind)
{
	return kind == LINK_NUMBER || kind == LINK_IDENTIFIER;
}

/* The evidence of one comparison between groups. */
double
link_field_evidence(const LinkModel *model, const ClusterSums *sums, int i)
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
		double evidence = link_field_evidence(model, sums, i);

		if ((c->role == LINK_GIVEN_NAME || c->role == LINK_BIRTH) && evidence < CONTRADICTS)
			contradicts = true;
		if (c->kind == LINK_IDENTIFIER && !c->household && evidence >= IDENTIFIES)
			return false;
	}
	return contradicts;
}

/*
 * Evidence between groups: for each comparison the mean over the pairs that
 * have it, for numbers and identifiers the best if any agree, and the prior
 * once.
 *
 * Shared details of a household make it likely that two personas share a
 * household, but no more than that.  Let r be their weight together, as odds,
 * and lambda and h the shares of pairs that are one person, and that are
 * different people of one household: the odds are lambda r to h r + 1.  If
 * given names or dates of birth contradict, neither these details nor a number
 * count for joining. household is set to what these two rules take off.
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
		double evidence = link_field_evidence(model, sums, i);

		if (contradicts && evidence > 0 && (c->household || c->kind == LINK_NUMBER))
			lost += evidence;
		else if (c->household && c->kind != LINK_NUMBER)
			shared += evidence;
		else
			total += evidence;
	}
	if (shared > 0 && model->household > 0)
	{
		double bits = shared / MILLIBITS;
		double over = bits > 500 ? bits + log2(model->household) : log2(1 + model->household * exp2(bits));

		over *= MILLIBITS;

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
 * or they have the same number, for personas that have nothing else.
 */
bool
link_belongs(LinkStore *store, uint32_t a, uint32_t b)
{
	if (store->number >= 0)
	{
		int32_t number = link_value_id(store, store->number, a);

		if (number != LINK_NO_VALUE && number == link_value_id(store, store->number, b))
			return true;
	}
	return link_weight(store, a, b) >= store->model->threshold * MILLIBITS;
}
