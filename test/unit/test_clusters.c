/*-------------------------------------------------------------------------
 * test_clusters.c
 *	  Groups found against a plain reading of the rule, for thousands of small
 *	  problems; and large ones that must end in time and memory.
 *
 * The oracle knows no edges, sums or heaps: before every merge it judges all
 * groups anew, from all of their nodes.
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "core/identity/clusters.h"
#include "unit.h"

#define MAX_NODES 9
#define MAX_LINKS 4
#define MAX_MUST 6
#define NONE UINT32_MAX

/* ---------------------------------------------------------------- memory */

/* Each piece has its size before it, so that what is in use can be counted. */
static size_t in_use;
static size_t most_in_use;
static uint64_t pauses;

static void *
count_in(void *piece, size_t size)
{
	MUST(piece != NULL);
	*(size_t *) piece = size;
	in_use += size;
	if (in_use > most_in_use)
		most_in_use = in_use;
	return (char *) piece + 16;
}

static void *
host_alloc(size_t size)
{
	return count_in(malloc(size + 16), size);
}

static void
host_release(void *memory)
{
	char *piece = (char *) memory - 16;

	in_use -= *(size_t *) piece;
	free(piece);
}

static void *
host_resize(void *memory, size_t size)
{
	char *piece = (char *) memory - 16;

	in_use -= *(size_t *) piece;
	return count_in(realloc(piece, size + 16), size);
}

static void
host_pause(void)
{
	pauses++;
}

static const Host host = {host_alloc, host_resize, host_release, host_pause};

/* -------------------------------------------------------- small problems */

typedef struct Case
{
	uint32_t nodes;
	int fields;
	bool by_function;
	enum
	{
		OF_SUMS,
		OF_MEANS, /* as linkage judges, with the prior once */
		OF_BEST
	} judged;
	double lead;
	int64_t prior;
	double threshold;
	ClusterEvidence evidence[MAX_NODES][MAX_NODES];
	bool given[MAX_NODES][MAX_NODES];
	ClusterPair pairs[MAX_NODES * MAX_NODES];
	size_t npairs;
	ClusterPair must[MAX_MUST];
	size_t nmust;
	ClusterTag cannot[MAX_NODES * MAX_LINKS];
	size_t ncannot;
	int links;
	int side[MAX_NODES][MAX_LINKS]; /* -1 for neither */
	bool has_weak;
	bool weak[MAX_NODES];
} Case;

typedef struct Answer
{
	uint32_t component[4 * MAX_NODES];
	uint32_t cluster[4 * MAX_NODES];
	size_t refused;
	ClusterMerge merges[4 * MAX_NODES];
	int nmerges;
} Answer;

/* What functions of a problem get: nodes may have other numbers than in the case. */
typedef struct Asked
{
	const Case *c;
	Answer *answer;
	const uint32_t *original; /* NONE for a node that is not the case's */
} Asked;

static uint32_t
original(const Asked *asked, uint32_t node)
{
	return asked->original == NULL ? node : asked->original[node];
}

static void
weigh(void *arg, uint32_t a, uint32_t b, ClusterEvidence *evidence)
{
	const Asked *asked = arg;
	uint32_t x = original(asked, a);
	uint32_t y = original(asked, b);

	MUST(a < b);
	if (x == NONE || y == NONE)
	{
		MUST(x == y); /* never of two components */
		evidence->present = 1;
		evidence->weight[0] = (int) ((a + b) % 7) - 2;
	}
	else
		*evidence = asked->c->evidence[x][y];
}

static double
judge_case(const Case *c, const ClusterSums *sums)
{
	double total = c->judged == OF_SUMS ? 0 : c->prior;

	for (int i = 0; i < c->fields; i++)
	{
		if (sums->count[i] == 0)
			continue;
		if (c->judged == OF_BEST)
			total += sums->best[i];
		else
			total += (double) sums->weight[i] / (c->judged == OF_MEANS ? sums->count[i] : 1);
	}
	return total;
}

static double
judge(void *arg, const ClusterSums *sums)
{
	return judge_case(((const Asked *) arg)->c, sums);
}

static bool
is_weak(void *arg, uint32_t node)
{
	const Asked *asked = arg;
	uint32_t x = original(asked, node);

	return x != NONE && asked->c->weak[x];
}

static void
merged(void *arg, const ClusterMerge *merge)
{
	const Asked *asked = arg;
	ClusterMerge *kept = &asked->answer->merges[asked->answer->nmerges];

	if (original(asked, merge->a) == NONE)
		return;
	*kept = *merge;
	kept->a = original(asked, merge->a);
	kept->b = original(asked, merge->b);
	asked->answer->nmerges++;
}

static int
small_weight(int reach)
{
	return (int) unit_below(2 * (uint64_t) reach + 1) - reach;
}

static void
draw_evidence(Case *c, uint32_t a, uint32_t b, int reach, int tilt)
{
	ClusterEvidence *e = &c->evidence[a][b];

	memset(e, 0, sizeof(*e));
	for (int i = 0; i < c->fields; i++)
		if (!c->by_function || unit_below(4) > 0)
		{
			e->present |= UINT32_C(1) << i;
			e->weight[i] = small_weight(reach) + tilt;
		}
	if (c->by_function && unit_below(4) == 0)
		e->adjustment = small_weight(3);
	c->evidence[b][a] = *e;
}

static void
draw_pairs(Case *c)
{
	int reach = unit_below(3) == 0 ? 100000 : 1 + (int) unit_below(5);
	int tilt = (int) unit_below(3) * (reach / 3 + 1) - reach / 3;
	uint64_t dense = 1 + unit_below(4);

	for (uint32_t a = 0; a < c->nodes; a++)
		for (uint32_t b = a + 1; b < c->nodes; b++)
		{
			draw_evidence(c, a, b, reach, tilt);
			if (unit_below(4) >= dense)
				continue;
			c->given[a][b] = c->given[b][a] = true;
			c->pairs[c->npairs++] = (ClusterPair){a, b, c->evidence[a][b].weight[0]};
		}
}

static void
draw_links(Case *c)
{
	memset(c->side, -1, sizeof(c->side));
	if (unit_below(2) == 0)
		for (size_t n = unit_below(MAX_MUST + 1); c->nmust < n; c->nmust++)
		{
			uint32_t a = unit_below(c->nodes);
			uint32_t b = (a + 1 + unit_below(c->nodes - 1)) % c->nodes;

			c->must[c->nmust] = (ClusterPair){a, b, 0};
		}
	c->links = unit_below(2) == 0 ? 0 : (int) unit_below(MAX_LINKS + 1);
	for (int link = 0; link < c->links; link++)
		for (uint32_t i = 0; i < c->nodes; i++)
		{
			int side = (int) unit_below(4);

			if (side > 1)
				continue;
			c->side[i][link] = side;
			c->cannot[c->ncannot++] = (ClusterTag){i, (uint32_t) (2 * link + side)};
		}
	c->has_weak = unit_below(2) == 0;
	for (uint32_t i = 0; i < c->nodes; i++)
		c->weak[i] = c->has_weak && unit_below(2) == 0;
}

static void
draw_case(Case *c)
{
	memset(c, 0, sizeof(*c));
	c->nodes = 2 + unit_below(MAX_NODES - 1);
	c->by_function = unit_below(2) == 0;
	c->fields = c->by_function ? 1 + (int) unit_below(4) : 1;
	c->judged = unit_below(c->by_function ? 3 : 2);
	c->lead = unit_below(2) == 0 ? 0 : 1 + (double) unit_below(4) / 2;
	c->prior = small_weight(3);
	c->threshold = unit_below(2) == 0 ? 1 : small_weight(4) + 0.5;
	draw_pairs(c);
	draw_links(c);
}

/* ------------------------------------------------------------ the oracle */

typedef struct Groups
{
	const Case *c;
	uint32_t group[MAX_NODES]; /* the lowest node of each node's */
	bool weak[MAX_NODES]; /* of groups */
	Answer *answer;
} Groups;

/* What all pairs between two groups show; false if they have none that was given. */
static bool
look_between(const Groups *g, uint32_t a, uint32_t b, ClusterSums *sums, ClusterMerge *merge)
{
	const Case *c = g->c;
	bool any = false;

	memset(sums, 0, sizeof(*sums));
	memset(merge, 0, sizeof(*merge));
	merge->weight = INT64_MIN;
	for (uint32_t x = 0; x < c->nodes; x++)
		for (uint32_t y = 0; y < c->nodes; y++)
		{
			const ClusterEvidence *e = &c->evidence[x][y];
			int64_t total = c->prior + e->adjustment;

			if (g->group[x] != a || g->group[y] != b)
				continue;
			any = any || c->given[x][y];
			if (!c->by_function && !c->given[x][y])
				continue;
			for (int i = 0; i < c->fields; i++)
				if (e->present >> i & 1)
				{
					sums->weight[i] += e->weight[i];
					sums->count[i]++;
					if (e->weight[i] > sums->best[i])
						sums->best[i] = e->weight[i];
					total += e->weight[i];
				}
			merge->pairs++;
			merge->agreeing += total >= 0;
			/* of equal pairs the one with the lowest node, then the lowest other */
			if (total > merge->weight ||
				(total == merge->weight && ((x < y ? x : y) < (merge->a < merge->b ? merge->a : merge->b) ||
											((x < y ? x : y) == (merge->a < merge->b ? merge->a : merge->b) &&
											 (x < y ? y : x) < (merge->a < merge->b ? merge->b : merge->a)))))
			{
				merge->weight = total;
				merge->a = x;
				merge->b = y;
			}
		}
	return any;
}

static uint32_t
group_size(const Groups *g, uint32_t group)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < g->c->nodes; i++)
		n += g->group[i] == group;
	return n;
}

static bool
is_refused(const Groups *g, uint32_t a, uint32_t b)
{
	for (int link = 0; link < g->c->links; link++)
		for (uint32_t x = 0; x < g->c->nodes; x++)
			for (uint32_t y = 0; y < g->c->nodes; y++)
				if (g->group[x] == a && g->group[y] == b && g->c->side[x][link] >= 0 &&
					g->c->side[y][link] >= 0 && g->c->side[x][link] != g->c->side[y][link])
					return true;
	return false;
}

/* Evidence between two groups, if they may and would merge; else -infinity. */
static double
would_merge(const Groups *g, uint32_t a, uint32_t b)
{
	ClusterSums sums;
	ClusterMerge merge;
	double score;

	if (!look_between(g, a, b, &sums, &merge) || is_refused(g, a, b))
		return -INFINITY;
	score = judge_case(g->c, &sums);
	return score >= g->c->threshold ? score : -INFINITY;
}

static void
unite(Groups *g, uint32_t x, uint32_t y, double score, const ClusterPair *must)
{
	uint32_t a = x < y ? x : y;
	uint32_t b = x < y ? y : x;
	ClusterSums sums;
	ClusterMerge merge;

	look_between(g, a, b, &sums, &merge);
	if (must != NULL && merge.pairs > 0 && judge_case(g->c, &sums) >= g->c->threshold)
		score = judge_case(g->c, &sums);
	else if (must != NULL)
	{
		/* the pair that was decided on stands for the merge */
		bool turned = g->group[must->a] != a;
		const ClusterEvidence *e = &g->c->evidence[must->a][must->b];

		merge.weight = g->c->by_function ? g->c->prior + e->adjustment : 0;
		for (int i = 0; i < g->c->fields && g->c->by_function; i++)
			if (e->present >> i & 1)
				merge.weight += e->weight[i];
		merge.a = turned ? must->b : must->a;
		merge.b = turned ? must->a : must->b;
	}
	merge.score = score;
	merge.size_a = group_size(g, a);
	merge.size_b = group_size(g, b);
	g->answer->merges[g->answer->nmerges++] = merge;
	for (uint32_t i = 0; i < g->c->nodes; i++)
		if (g->group[i] == b)
			g->group[i] = a;
}

static void
unite_best(Groups *g, bool weak)
{
	for (;;)
	{
		double best = -INFINITY;
		uint32_t a = 0;
		uint32_t b = 0;

		for (uint32_t x = 0; x < g->c->nodes; x++)
			for (uint32_t y = x + 1; y < g->c->nodes; y++)
			{
				double score;

				if (g->group[x] != x || g->group[y] != y || g->weak[x] != weak || g->weak[y] != weak)
					continue;
				score = would_merge(g, x, y);
				if (score > best)
				{
					best = score;
					a = x;
					b = y;
				}
			}
		if (best == -INFINITY)
			return;
		unite(g, a, b, best, NULL);
	}
}

static void
place_weak(Groups *g)
{
	uint32_t place[MAX_NODES];
	double score[MAX_NODES];
	bool decided[MAX_NODES] = {false};

	for (uint32_t i = 0; i < g->c->nodes; i++)
	{
		double evidence[MAX_NODES];
		int rivals = 0;

		if (g->group[i] != i || !g->weak[i])
			continue;
		score[i] = -INFINITY;
		for (uint32_t other = 0; other < g->c->nodes; other++)
		{
			evidence[other] = -INFINITY;
			if (g->group[other] == other && !g->weak[other])
				evidence[other] = would_merge(g, i, other);
			if (evidence[other] <= score[i])
				continue;
			score[i] = evidence[other];
			place[i] = other;
		}
		if (score[i] == -INFINITY)
			continue;
		for (uint32_t other = 0; other < g->c->nodes; other++)
			rivals += other != place[i] && evidence[other] > -INFINITY &&
					  (g->c->lead == 0 || score[i] - evidence[other] < g->c->lead);
		decided[i] = rivals == 0;
	}
	for (uint32_t i = 0; i < g->c->nodes; i++)
	{
		uint32_t to;

		if (!decided[i])
			continue;
		to = g->group[place[i]];
		if (is_refused(g, i, to))
			continue;
		g->weak[i] = false;
		unite(g, i, to, score[i], NULL);
	}
}

static void
find_components(const Case *c, uint32_t *component)
{
	bool changed = true;

	for (uint32_t i = 0; i < c->nodes; i++)
		component[i] = i;
	while (changed)
	{
		changed = false;
		for (size_t i = 0; i < c->npairs + c->nmust; i++)
		{
			ClusterPair p = i < c->npairs ? c->pairs[i] : c->must[i - c->npairs];
			uint32_t low = component[p.a] < component[p.b] ? component[p.a] : component[p.b];

			changed = changed || component[p.a] != low || component[p.b] != low;
			component[p.a] = component[p.b] = low;
		}
	}
}

static void
find_plainly(const Case *c, Answer *answer)
{
	Groups g = {.c = c, .answer = answer};

	memset(answer, 0, sizeof(*answer));
	find_components(c, answer->component);
	for (uint32_t i = 0; i < c->nodes; i++)
	{
		g.group[i] = i;
		g.weak[i] = c->weak[i];
	}
	for (size_t i = 0; i < c->nmust; i++)
	{
		uint32_t a = g.group[c->must[i].a];
		uint32_t b = g.group[c->must[i].b];

		if (a == b)
			continue;
		if (is_refused(&g, a, b))
		{
			answer->refused++;
			continue;
		}
		g.weak[a] = g.weak[b] = false;
		unite(&g, a, b, INFINITY, &c->must[i]);
	}
	unite_best(&g, false);
	place_weak(&g);
	unite_best(&g, true);
	memcpy(answer->cluster, g.group, sizeof(g.group));
}

/* ----------------------------------------------------------- comparisons */

static ClusterProblem
pose(const Case *c, Asked *asked)
{
	return (ClusterProblem){
		.host = &host,
		.arg = asked,
		.nodes = c->nodes,
		.fields = c->fields,
		.threshold = c->threshold,
		.prior = c->prior,
		.pairs = c->pairs,
		.npairs = c->npairs,
		.must = c->must,
		.nmust = c->nmust,
		.cannot = c->cannot,
		.ncannot = c->ncannot,
		.weigh = c->by_function ? weigh : NULL,
		.judge = judge,
		.lead = c->lead,
		.is_weak = c->has_weak ? is_weak : NULL,
		.merged = merged,
	};
}

static void
find(const Case *c, Answer *answer)
{
	Asked asked = {c, answer, NULL};
	ClusterProblem problem = pose(c, &asked);

	memset(answer, 0, sizeof(*answer));
	answer->refused = clusters_find(&problem, answer->component, answer->cluster);
	MUST(in_use == 0);
}

static bool
same_merge(const ClusterMerge *a, const ClusterMerge *b)
{
	return a->a == b->a && a->b == b->b && a->weight == b->weight && a->score == b->score &&
		   a->size_a == b->size_a && a->size_b == b->size_b && a->pairs == b->pairs && a->agreeing == b->agreeing;
}

/* Components are found one after another, so merges of one are compared at a time. */
static bool
same_merges(const Answer *a, const Answer *b, uint32_t nodes)
{
	if (a->nmerges != b->nmerges)
		return false;
	for (uint32_t root = 0; root < nodes; root++)
	{
		int j = 0;

		for (int i = 0; i < a->nmerges; i++)
		{
			if (a->component[a->merges[i].a] != root)
				continue;
			while (j < b->nmerges && a->component[b->merges[j].a] != root)
				j++;
			if (j == b->nmerges || !same_merge(&a->merges[i], &b->merges[j++]))
				return false;
		}
	}
	return true;
}

static bool
same_answer(const Answer *a, const Answer *b, uint32_t nodes)
{
	return memcmp(a->component, b->component, nodes * sizeof(uint32_t)) == 0 &&
		   memcmp(a->cluster, b->cluster, nodes * sizeof(uint32_t)) == 0 &&
		   a->refused == b->refused && same_merges(a, b, nodes);
}

static void
shuffle_pairs(ClusterPair *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		size_t j = i + unit_below(n - i);
		ClusterPair p = pairs[i];

		pairs[i] = pairs[j];
		pairs[j] = p;
		if (unit_below(2) == 0)
		{
			uint32_t a = pairs[i].a;

			pairs[i].a = pairs[i].b;
			pairs[i].b = a;
		}
	}
}

/* Tags are told apart by their side, so only their order may change. */
static void
shuffle_tags(ClusterTag *tags, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		size_t j = i + unit_below(n - i);
		ClusterTag p = tags[i];

		tags[i] = tags[j];
		tags[j] = p;
	}
}

static void
move_pairs(const ClusterPair *from, size_t n, const uint32_t *number, ClusterPair *to)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (ClusterPair){number[from[i].a], number[from[i].b], from[i].weight};
}

/* The same case with other nodes between its own, and pairs between those. */
static void
check_among_others(const Case *c, const Answer *expected)
{
	uint32_t number[MAX_NODES];
	uint32_t back[4 * MAX_NODES];
	uint32_t others[4 * MAX_NODES];
	uint32_t nothers = 0;
	uint32_t nodes = 0;
	ClusterPair pairs[MAX_NODES * MAX_NODES + 3 * MAX_NODES];
	ClusterPair must[MAX_MUST];
	ClusterTag cannot[MAX_NODES * MAX_LINKS];
	Answer answer = {0};
	Asked asked = {c, &answer, back};
	ClusterProblem problem = pose(c, &asked);

	for (uint32_t i = 0; i < c->nodes; i++)
	{
		for (uint64_t n = unit_below(3); n > 0; n--)
		{
			others[nothers++] = nodes;
			back[nodes++] = NONE;
		}
		number[i] = nodes;
		back[nodes++] = i;
	}
	move_pairs(c->pairs, c->npairs, number, pairs);
	move_pairs(c->must, c->nmust, number, must);
	for (size_t i = 0; i < c->ncannot; i++)
		cannot[i] = (ClusterTag){number[c->cannot[i].node], c->cannot[i].tag};
	for (uint32_t i = 1; i < nothers; i++)
		if (unit_below(3) > 0)
			pairs[problem.npairs++] = (ClusterPair){others[i - 1], others[i], small_weight(5)};
	shuffle_pairs(pairs, problem.npairs);
	problem.nodes = nodes;
	problem.pairs = pairs;
	problem.must = must;
	problem.cannot = cannot;
	answer.refused = clusters_find(&problem, answer.component, answer.cluster);
	for (uint32_t i = 0; i < c->nodes; i++)
	{
		MUST(back[answer.component[number[i]]] == expected->component[i]);
		MUST(back[answer.cluster[number[i]]] == expected->cluster[i]);
	}
	memcpy(answer.component, expected->component, sizeof(answer.component));
	MUST(answer.refused == expected->refused && same_merges(&answer, expected, c->nodes));
}

static void
print_groups(const char *name, const Answer *answer, uint32_t nodes)
{
	fprintf(stderr, "%s:", name);
	for (uint32_t i = 0; i < nodes; i++)
		fprintf(stderr, " %u", answer->cluster[i]);
	fprintf(stderr, ", refused %zu\n", answer->refused);
	for (int i = 0; i < answer->nmerges; i++)
	{
		const ClusterMerge *m = &answer->merges[i];

		fprintf(stderr, "  %u+%u weight %lld score %g sizes %u %u pairs %llu agreeing %llu\n", m->a, m->b,
				(long long) m->weight, m->score, m->size_a, m->size_b, (unsigned long long) m->pairs,
				(unsigned long long) m->agreeing);
	}
}

static void
test_small(int cases)
{
	static Case c;
	int merges = 0;

	for (int i = 0; i < cases; i++)
	{
		Answer expected;
		Answer answer;

		draw_case(&c);
		find_plainly(&c, &expected);
		find(&c, &answer);
		if (!same_answer(&answer, &expected, c.nodes))
		{
			fprintf(stderr, "case %d: %s, judged %d, %d fields, weak %d, lead %g, threshold %g, prior %lld\n", i,
					c.by_function ? "function" : "given", c.judged, c.fields, c.has_weak, c.lead,
					c.threshold, (long long) c.prior);
			print_groups("expected", &expected, c.nodes);
			print_groups("found", &answer, c.nodes);
		}
		MUST(same_answer(&answer, &expected, c.nodes));
		merges += answer.nmerges;
		check_among_others(&c, &expected);
		shuffle_pairs(c.pairs, c.npairs);
		shuffle_tags(c.cannot, c.ncannot);
		find(&c, &answer);
		MUST(same_answer(&answer, &expected, c.nodes));
		clusters_components(&host, c.nodes, c.pairs, c.npairs, answer.component);
		c.nmust = 0;
		find_components(&c, expected.component);
		MUST(memcmp(answer.component, expected.component, c.nodes * sizeof(uint32_t)) == 0);
	}
	MUST(merges > cases); /* they are not about nothing */
}

/* -------------------------------------------------------- large problems */

static double
sum_of_weights(void *arg, const ClusterSums *sums)
{
	(void) arg;
	return sums->weight[0];
}

/* Nodes whose numbers are the same modulo so many are one, with noise. */
static int32_t
noisy_weight(uint32_t a, uint32_t b, uint32_t modulus)
{
	uint64_t noise = ((uint64_t) a << 32 | b) * UINT64_C(0x9e3779b97f4a7c15) >> 40;

	return (a % modulus == b % modulus ? 3000 : -3000) + (int32_t) (noise % 4001) - 2000;
}

static void
weigh_noisy(void *arg, uint32_t a, uint32_t b, ClusterEvidence *evidence)
{
	evidence->present = 1;
	evidence->weight[0] = noisy_weight(a, b, *(uint32_t *) arg);
}

static uint32_t *
find_large(ClusterProblem *problem)
{
	uint32_t *component = malloc(problem->nodes * sizeof(uint32_t));
	uint32_t *cluster = malloc(problem->nodes * sizeof(uint32_t));

	problem->host = &host;
	problem->fields = 1;
	problem->threshold = 1;
	problem->judge = sum_of_weights;
	most_in_use = 0;
	MUST(clusters_find(problem, component, cluster) == 0);
	MUST(in_use == 0);
	free(component);
	return cluster;
}

/* Every pair of 3,000 nodes is given. */
static void
test_dense(uint32_t modulus, bool by_function)
{
	uint32_t nodes = 3000;
	size_t npairs = (size_t) nodes * (nodes - 1) / 2;
	ClusterPair *pairs = malloc(npairs * sizeof(ClusterPair));
	ClusterProblem problem = {.arg = &modulus, .nodes = nodes, .pairs = pairs, .npairs = npairs};
	uint64_t before = pauses;
	uint32_t *cluster;
	size_t n = 0;

	for (uint32_t a = 0; a < nodes; a++)
		for (uint32_t b = a + 1; b < nodes; b++)
			pairs[n++] = (ClusterPair){a, b, noisy_weight(a, b, modulus)};
	if (by_function)
		problem.weigh = weigh_noisy;
	cluster = find_large(&problem);
	for (uint32_t i = 0; i < nodes; i++)
		MUST(cluster[i] == i % modulus);
	MUST(pauses - before > npairs / 4096);
	MUST(most_in_use < npairs * 140);
	free(cluster);
	free(pairs);
}

/*
 * One node with evidence to all others, the same or rising: memory may not grow
 * with the square of them, nor time, unless every merge gives the group another
 * lowest node.
 */
static void
test_star(uint32_t nodes, bool hub_is_first, int64_t weight, bool rises)
{
	ClusterPair *pairs = malloc(nodes * sizeof(ClusterPair));
	ClusterProblem problem = {.nodes = nodes, .pairs = pairs, .npairs = nodes - 1};
	uint64_t before = pauses;
	uint32_t *cluster;

	for (uint32_t i = 1; i < nodes; i++)
		pairs[i - 1] = (ClusterPair){hub_is_first ? 0 : nodes - 1, hub_is_first ? i : i - 1, rises ? i * weight : weight};
	cluster = find_large(&problem);
	for (uint32_t i = 0; i < nodes; i++)
		MUST(cluster[i] == (weight > 0 ? 0 : i));
	MUST(most_in_use < (size_t) nodes * 300);
	MUST(pauses - before < 1000 || (rises && !hub_is_first)); /* each after 4,096 steps */
	free(cluster);
	free(pairs);
}

/* A long chain, each node alike its neighbours and unlike those after them, stays apart. */
static void
test_chain(void)
{
	uint32_t nodes = 100000;
	ClusterPair *pairs = malloc(2 * nodes * sizeof(ClusterPair));
	ClusterProblem problem = {.nodes = nodes, .pairs = pairs};
	uint32_t *cluster;
	uint32_t size = 0;

	for (uint32_t i = 1; i < nodes; i++)
		pairs[problem.npairs++] = (ClusterPair){i - 1, i, 2000};
	for (uint32_t i = 2; i < nodes; i++)
		pairs[problem.npairs++] = (ClusterPair){i - 2, i, -9000};
	cluster = find_large(&problem);
	for (uint32_t i = 0; i < nodes; i++)
	{
		size = i > 0 && cluster[i] == cluster[i - 1] ? size + 1 : 1;
		MUST(size <= 2);
	}
	MUST(most_in_use < problem.npairs * 300);
	free(cluster);
	free(pairs);
}

/* Nobody at all, and nobody with anybody. */
static void
test_nothing(void)
{
	ClusterProblem problem = {.host = &host, .fields = 1, .judge = sum_of_weights};
	uint32_t component[2] = {9, 9};
	uint32_t cluster[2] = {9, 9};

	MUST(clusters_find(&problem, component, cluster) == 0 && cluster[0] == 9);
	problem.nodes = 2;
	MUST(clusters_find(&problem, component, cluster) == 0);
	MUST(component[0] == 0 && component[1] == 1 && cluster[0] == 0 && cluster[1] == 1);
	MUST(in_use == 0);
}

int
main(void)
{
	test_nothing();
	test_small(15000);
	test_chain();
	test_star(100000, true, -1, false);
	test_star(100000, true, 1, false);
	test_star(100000, true, 1, true);
	test_star(100000, false, 1, false);
	test_star(3000, false, 1, true);
	test_dense(40, false);
	test_dense(40, true);
	return 0;
}
