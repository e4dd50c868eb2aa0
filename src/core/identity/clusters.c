/*-------------------------------------------------------------------------
 * clusters.c
 *	  Groups of nodes from evidence on pairs, without chaining.
 *
 * Components are clustered one after another, so memory is that of the largest.
 * Within one, nodes have numbers of their own, in the order of the problem's,
 * and a group is known by its lowest node: with that, ties are broken the same
 * way whatever else is in the problem.
 *
 * Groups that share a pair that was given have an edge, whose sums are of all
 * pairs between them.
 *-------------------------------------------------------------------------
 */
#include "core/identity/clusters.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX
#define PAUSE_STEPS 4096

/* Two groups with evidence between them. */
typedef struct Edge
{
	uint32_t a; /* lowest node of each group, a < b */
	uint32_t b;
	uint32_t side[2]; /* the same two, each where its list has this edge */
	uint32_t next[2]; /* next edge reference in the list of each side */
	uint32_t version; /* heap entries of earlier versions are void */
	bool dead;
	uint64_t pairs; /* pairs that are in the sums */
	uint64_t agreeing;
	int64_t best_weight;
	uint32_t best_a;
	uint32_t best_b;
} Edge;

/* A merge that may be made. */
typedef struct Candidate
{
	double score;
	uint32_t a;
	uint32_t b;
	uint32_t edge;
	uint32_t version;
} Candidate;

/* The component in progress. */
typedef struct Work
{
	const ClusterProblem *problem;
	uint32_t nodes;
	const uint32_t *node; /* the problem's number of each node */

	Edge *edges;
	size_t nedges;
	size_t max_edges;
	char *sums; /* of all edges, sums_size bytes each */
	size_t sums_size;

	uint32_t *slots; /* edges by their ends: open addressing */
	size_t nslots;

	uint32_t *first; /* first edge reference of each group: 2 * edge + side */
	uint32_t *degree; /* references in each group's list, dead ones included */
	uint32_t *owner; /* the group that a merged group went into, or itself */
	uint32_t *last_member; /* members of a group are a list from its lowest node */
	uint32_t *next_member;
	uint32_t *size; /* of each group; 0 for a node that is merged into another */
	uint32_t **tags; /* sorted refused links of each group, or NULL */
	uint32_t *ntags;
	bool *weak;

	uint32_t *refs; /* edge references gathered last */
	size_t max_refs;

	Candidate *heap;
	size_t nheap;
	size_t max_heap;
	unsigned steps;
	size_t refused;
} Work;

static void
step(Work *work)
{
	if (++work->steps % PAUSE_STEPS == 0)
		work->problem->host->pause();
}

/* ------------------------------------------------------------ components */

static uint32_t
find_root(uint32_t *parent, uint32_t node)
{
	while (parent[node] != node)
	{
		parent[node] = parent[parent[node]];
		node = parent[node];
	}
	return node;
}

/* The lower of the two roots becomes the root of both. */
static void
join_roots(uint32_t *parent, uint32_t a, uint32_t b)
{
	a = find_root(parent, a);
	b = find_root(parent, b);
	if (a < b)
		parent[b] = a;
	else
		parent[a] = b;
}

static void
join_pairs(const Host *host, uint32_t *parent, const ClusterPair *pairs, size_t npairs)
{
	for (size_t i = 0; i < npairs; i++)
	{
		join_roots(parent, pairs[i].a, pairs[i].b);
		if (i % PAUSE_STEPS == 0)
			host->pause();
	}
}

static void
start_alone(uint32_t *parent, uint32_t nodes)
{
	for (uint32_t i = 0; i < nodes; i++)
		parent[i] = i;
}

static void
point_at_roots(uint32_t *parent, uint32_t nodes)
{
	for (uint32_t i = 0; i < nodes; i++)
		parent[i] = find_root(parent, i);
}

void
clusters_components(const Host *host, uint32_t nodes, const ClusterPair *pairs, size_t npairs,
					uint32_t *component)
{
	start_alone(component, nodes);
	join_pairs(host, component, pairs, npairs);
	point_at_roots(component, nodes);
}

/* ----------------------------------------------------------------- edges */

static ClusterSums *
edge_sums(Work *work, size_t edge)
{
	return (ClusterSums *) (work->sums + edge * work->sums_size);
}

/* Sums are stored with as many fields as the problem has. */
static int64_t *
sum_weights(ClusterSums *sums)
{
	return sums->weight;
}

static int32_t *
sum_best(const Work *work, ClusterSums *sums)
{
	return (int32_t *) (sums->weight + work->problem->fields);
}

static uint32_t *
sum_counts(const Work *work, ClusterSums *sums)
{
	return (uint32_t *) (sum_best(work, sums) + work->problem->fields);
}

/* The sums as functions of the problem read them. */
static double
judge_edge(Work *work, size_t edge)
{
	ClusterSums *stored = edge_sums(work, edge);
	ClusterSums sums;
	int fields = work->problem->fields;

	memcpy(sums.weight, sum_weights(stored), fields * sizeof(int64_t));
	memcpy(sums.best, sum_best(work, stored), fields * sizeof(int32_t));
	memcpy(sums.count, sum_counts(work, stored), fields * sizeof(uint32_t));
	return work->problem->judge(work->problem->arg, &sums);
}

static size_t
slot_of(const Work *work, uint32_t a, uint32_t b)
{
	uint64_t hash = ((uint64_t) a << 32 | b) * UINT64_C(0x9e3779b97f4a7c15);
	size_t slot = (hash >> 32) & (work->nslots - 1);

	while (work->slots[slot] != NONE)
	{
		const Edge *edge = &work->edges[work->slots[slot]];

		if (!edge->dead && edge->a == a && edge->b == b)
			break;
		slot = (slot + 1) & (work->nslots - 1);
	}
	return slot;
}

static void
rebuild_slots(Work *work)
{
	const Host *host = work->problem->host;

	host->release(work->slots);
	while (work->nslots < work->max_edges * 2)
		work->nslots *= 2;
	work->slots = host->alloc(work->nslots * sizeof(uint32_t));
	memset(work->slots, 0xff, work->nslots * sizeof(uint32_t));
	for (size_t i = 0; i < work->nedges; i++)
		if (!work->edges[i].dead)
			work->slots[slot_of(work, work->edges[i].a, work->edges[i].b)] = i;
}

/* Put an edge into the list of the group on one side of it. */
static void
list_edge(Work *work, uint32_t number, int side)
{
	Edge *edge = &work->edges[number];
	uint32_t group = edge->side[side];

	edge->next[side] = work->first[group];
	work->first[group] = 2 * number + side;
	work->degree[group]++;
}

/* The edge between two groups; it is made if it does not exist. */
static uint32_t
need_edge(Work *work, uint32_t a, uint32_t b)
{
	const Host *host = work->problem->host;
	size_t slot;
	Edge *edge;

	if (a > b)
	{
		uint32_t swap = a;

		a = b;
		b = swap;
	}
	slot = slot_of(work, a, b);
	if (work->slots[slot] != NONE)
		return work->slots[slot];
	if (work->nedges == work->max_edges)
	{
		work->max_edges *= 2;
		work->edges = host->resize(work->edges, work->max_edges * sizeof(Edge));
		work->sums = host->resize(work->sums, work->max_edges * work->sums_size);
		rebuild_slots(work);
		slot = slot_of(work, a, b);
	}
	edge = &work->edges[work->nedges];
	memset(edge, 0, sizeof(Edge));
	memset(edge_sums(work, work->nedges), 0, work->sums_size);
	edge->a = edge->side[0] = a;
	edge->b = edge->side[1] = b;
	edge->best_weight = INT64_MIN;
	work->slots[slot] = work->nedges;
	list_edge(work, work->nedges, 0);
	list_edge(work, work->nedges, 1);
	return work->nedges++;
}

static void
keep_best(Edge *edge, int64_t weight, uint32_t a, uint32_t b)
{
	if (weight > edge->best_weight ||
		(weight == edge->best_weight &&
		 (a < edge->best_a || (a == edge->best_a && b < edge->best_b))))
	{
		edge->best_weight = weight;
		edge->best_a = a;
		edge->best_b = b;
	}
}

/* Add the evidence of one pair of nodes. */
static void
add_pair(Work *work, uint32_t number, uint32_t x, uint32_t y, const int64_t *given)
{
	const ClusterProblem *problem = work->problem;
	Edge *edge = &work->edges[number];
	ClusterSums *sums = edge_sums(work, number);
	int64_t total = problem->prior;
	uint32_t low = x < y ? x : y;
	uint32_t high = x < y ? y : x;

	if (given != NULL)
	{
		sum_weights(sums)[0] += *given;
		sum_counts(work, sums)[0]++;
		total += *given;
	}
	else
	{
		ClusterEvidence evidence;

		evidence.adjustment = 0;
		problem->weigh(problem->arg, work->node[low], work->node[high], &evidence);
		total += evidence.adjustment;
		for (int i = 0; i < problem->fields; i++)
		{
			if (!(evidence.present >> i & 1))
				continue;
			sum_weights(sums)[i] += evidence.weight[i];
			if (sum_best(work, sums)[i] < evidence.weight[i])
				sum_best(work, sums)[i] = evidence.weight[i];
			sum_counts(work, sums)[i]++;
			total += evidence.weight[i];
		}
	}
	edge->pairs++;
	if (total >= 0)
		edge->agreeing++;
	keep_best(edge, total, low, high);
}

/* Add the evidence of all pairs between two groups. */
static void
add_pairs_between(Work *work, uint32_t number, uint32_t a, uint32_t b)
{
	for (uint32_t x = a; x != NONE; x = work->next_member[x])
		for (uint32_t y = b; y != NONE; y = work->next_member[y])
		{
			add_pair(work, number, x, y, NULL);
			step(work);
		}
}

/* ------------------------------------------------------------------ heap */

/* Whether a is to be merged before b. */
static bool
comes_first(const Candidate *a, const Candidate *b)
{
	if (a->score != b->score)
		return a->score > b->score;
	if (a->a != b->a)
		return a->a < b->a;
	return a->b < b->b;
}

static bool
is_void(const Work *work, const Candidate *candidate)
{
	const Edge *edge = &work->edges[candidate->edge];

	return edge->dead || edge->version != candidate->version;
}

/* Move a candidate up the heap from a free place to where it belongs. */
static void
sift_up(Work *work, size_t i, Candidate candidate)
{
	while (i > 0 && comes_first(&candidate, &work->heap[(i - 1) / 2]))
	{
		work->heap[i] = work->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	work->heap[i] = candidate;
}

/* Make room for one more candidate, first by removing void ones. */
static void
make_room(Work *work)
{
	size_t n = work->nheap;

	work->nheap = 0;
	for (size_t i = 0; i < n; i++)
	{
		Candidate candidate = work->heap[i];

		if (!is_void(work, &candidate))
			sift_up(work, work->nheap++, candidate);
		step(work);
	}
	if (work->nheap > work->max_heap / 2)
	{
		work->max_heap *= 2;
		work->heap = work->problem->host->resize(work->heap, work->max_heap * sizeof(Candidate));
	}
}

static void
push(Work *work, uint32_t number, double score)
{
	const Edge *edge = &work->edges[number];
	Candidate candidate = {score, edge->a, edge->b, number, edge->version};

	if (work->nheap == work->max_heap)
		make_room(work);
	sift_up(work, work->nheap++, candidate);
}

static Candidate
pop(Work *work)
{
	Candidate top = work->heap[0];
	Candidate last = work->heap[--work->nheap];
	size_t i = 0;

	for (;;)
	{
		size_t child = 2 * i + 1;

		if (child >= work->nheap)
			break;
		if (child + 1 < work->nheap &&
			comes_first(&work->heap[child + 1], &work->heap[child]))
			child++;
		if (!comes_first(&work->heap[child], &last))
			break;
		work->heap[i] = work->heap[child];
		i = child;
	}
	work->heap[i] = last;
	return top;
}

/* Weak groups and others are never merged from the heap. */
static void
consider(Work *work, uint32_t edge)
{
	double score;

	if (work->weak[work->edges[edge].a] != work->weak[work->edges[edge].b])
		return;
	score = judge_edge(work, edge);
	if (score >= work->problem->threshold)
		push(work, edge, score);
}

/* --------------------------------------------------------------- merging */

/* Whether the two groups have nodes on both sides of a refused link. */
static bool
is_refused(const Work *work, uint32_t a, uint32_t b)
{
	uint32_t i = 0;
	uint32_t j = 0;

	while (i < work->ntags[a] && j < work->ntags[b])
	{
		uint32_t x = work->tags[a][i];
		uint32_t y = work->tags[b][j];

		if ((x ^ 1) == y)
			return true;
		if (x < y)
			i++;
		else
			j++;
	}
	return false;
}

static void
merge_tags(Work *work, uint32_t into, uint32_t from)
{
	uint32_t *merged;
	uint32_t i = 0;
	uint32_t j = 0;
	uint32_t n = 0;

	if (work->ntags[from] == 0)
		return;
	merged = work->problem->host->alloc((work->ntags[into] + work->ntags[from]) * sizeof(uint32_t));
	while (i < work->ntags[into] || j < work->ntags[from])
	{
		if (j == work->ntags[from] ||
			(i < work->ntags[into] && work->tags[into][i] <= work->tags[from][j]))
			merged[n] = work->tags[into][i++];
		else
			merged[n] = work->tags[from][j++];
		if (n == 0 || merged[n] != merged[n - 1])
			n++;
	}
	if (work->tags[into] != NULL)
		work->problem->host->release(work->tags[into]);
	work->tags[into] = merged;
	work->ntags[into] = n;
}

static void
add_sums(Work *work, uint32_t into, uint32_t from)
{
	ClusterSums *a = edge_sums(work, into);
	ClusterSums *b = edge_sums(work, from);
	Edge *to = &work->edges[into];
	const Edge *gone = &work->edges[from];

	for (int i = 0; i < work->problem->fields; i++)
	{
		sum_weights(a)[i] += sum_weights(b)[i];
		if (sum_best(work, a)[i] < sum_best(work, b)[i])
			sum_best(work, a)[i] = sum_best(work, b)[i];
		sum_counts(work, a)[i] += sum_counts(work, b)[i];
	}
	to->pairs += gone->pairs;
	to->agreeing += gone->agreeing;
	keep_best(to, gone->best_weight, gone->best_a, gone->best_b);
}

/* Free an edge's slot; those behind it move up. */
static void
free_slot(Work *work, uint32_t edge)
{
	size_t slot = slot_of(work, work->edges[edge].a, work->edges[edge].b);

	work->slots[slot] = NONE;
	for (size_t i = (slot + 1) & (work->nslots - 1); work->slots[i] != NONE;
		 i = (i + 1) & (work->nslots - 1))
	{
		uint32_t moving = work->slots[i];

		work->slots[i] = NONE;
		work->slots[slot_of(work, work->edges[moving].a, work->edges[moving].b)] = moving;
	}
}

/*
 * Replace one group with another on one side of an edge.  Returns the edge
 * that it is now part of.
 */
static uint32_t
move_edge(Work *work, uint32_t number, int side, uint32_t into)
{
	Edge *edge = &work->edges[number];
	uint32_t other = edge->side[1 - side];
	uint32_t low = into < other ? into : other;
	uint32_t high = into < other ? other : into;
	size_t slot;

	free_slot(work, number);
	slot = slot_of(work, low, high);
	if (work->slots[slot] != NONE)
	{
		uint32_t kept = work->slots[slot];

		add_sums(work, kept, number);
		edge->dead = true;
		return kept;
	}
	if (work->problem->weigh != NULL)
		add_pairs_between(work, number, into, other);
	edge->a = low;
	edge->b = high;
	edge->side[side] = into;
	work->slots[slot] = number;
	list_edge(work, number, side);
	return number;
}

/* Copy a group's edges into work->refs, and remove dead ones from its list. */
static uint32_t
gather_edges(Work *work, uint32_t group)
{
	uint32_t *ref = &work->first[group];
	uint32_t n = 0;

	if (work->degree[group] > work->max_refs)
	{
		work->max_refs = 2 * (size_t) work->degree[group];
		work->problem->host->release(work->refs);
		work->refs = work->problem->host->alloc(work->max_refs * sizeof(uint32_t));
	}
	while (*ref != NONE)
	{
		Edge *edge = &work->edges[*ref / 2];
		uint32_t *next = &edge->next[*ref % 2];

		if (edge->dead)
			*ref = *next;
		else
		{
			work->refs[n++] = *ref;
			ref = next;
		}
	}
	work->degree[group] = n;
	return n;
}

/* The group that a node is in. */
static uint32_t
group_of(Work *work, uint32_t node)
{
	return find_root(work->owner, node);
}

static void
report_merge(Work *work, uint32_t number, double score)
{
	const ClusterProblem *problem = work->problem;
	const Edge *edge = &work->edges[number];
	ClusterMerge merge = {0};
	bool turned;

	if (problem->merged == NULL)
		return;
	turned = group_of(work, edge->best_a) != edge->a;
	merge.a = work->node[turned ? edge->best_b : edge->best_a];
	merge.b = work->node[turned ? edge->best_a : edge->best_b];
	merge.weight = edge->best_weight;
	merge.score = score;
	merge.size_a = work->size[edge->a];
	merge.size_b = work->size[edge->b];
	merge.pairs = edge->pairs;
	merge.agreeing = edge->agreeing;
	problem->merged(problem->arg, &merge);
}

/* Give the edges of a group to another. work->refs then has them. */
static uint32_t
move_edges(Work *work, uint32_t from, uint32_t into)
{
	uint32_t n = gather_edges(work, from);

	for (uint32_t i = 0; i < n; i++)
	{
		work->refs[i] = move_edge(work, work->refs[i] / 2, work->refs[i] % 2, into);
		step(work);
	}
	work->first[from] = NONE;
	return n;
}

/*
 * Gather all edges of "into" in work->refs, and add to each the pairs that
 * "from", which joins it, has with the other end, unless the edge has them.
 */
static uint32_t
complete_edges(Work *work, uint32_t from, uint32_t into)
{
	uint32_t n = gather_edges(work, into);
	uint64_t size = (uint64_t) work->size[into] + work->size[from];

	for (uint32_t i = 0; i < n; i++)
	{
		uint32_t number = work->refs[i] / 2;
		uint32_t other = work->edges[number].side[1 - work->refs[i] % 2];

		if (work->edges[number].pairs < size * work->size[other])
			add_pairs_between(work, number, from, other);
		work->refs[i] = number;
		step(work);
	}
	return n;
}

static void
join_members(Work *work, uint32_t from, uint32_t into)
{
	work->owner[from] = into;
	work->next_member[work->last_member[into]] = from;
	work->last_member[into] = work->last_member[from];
	work->size[into] += work->size[from];
	work->size[from] = 0;
}

/*
 * Merge the groups of an edge; the lower one stays.  Their other edges change,
 * and may be the next merge, unless that is left for later.
 */
static void
merge_groups(Work *work, uint32_t number, double score, bool goes_on)
{
	uint32_t into = work->edges[number].a;
	uint32_t from = work->edges[number].b;
	uint32_t n;

	report_merge(work, number, score);
	free_slot(work, number);
	work->edges[number].dead = true;
	merge_tags(work, into, from);
	n = move_edges(work, from, into);
	if (work->problem->weigh != NULL)
		n = complete_edges(work, from, into);
	join_members(work, from, into);
	for (uint32_t i = 0; i < n; i++)
	{
		work->edges[work->refs[i]].version++;
		if (goes_on)
			consider(work, work->refs[i]);
		step(work);
	}
}

/* Merge until nothing reaches the threshold. */
static void
merge_best(Work *work)
{
	while (work->nheap > 0)
	{
		Candidate top = pop(work);

		step(work);
		if (is_void(work, &top) ||
			is_refused(work, work->edges[top.edge].a, work->edges[top.edge].b))
			continue;
		merge_groups(work, top.edge, top.score, true);
	}
}

/* Put the edges between groups that are both weak, or both not, into the heap. */
static void
fill_heap(Work *work, bool weak)
{
	for (size_t i = 0; i < work->nedges; i++)
	{
		const Edge *edge = &work->edges[i];

		if (!edge->dead && work->weak[edge->a] == weak && work->weak[edge->b] == weak)
			consider(work, i);
	}
}

/* The one other group that would take a weak group; NONE if there is none, or rivals. */
static uint32_t
only_place(Work *work, uint32_t group, double *score)
{
	uint32_t n = gather_edges(work, group);
	uint32_t found = NONE;
	double second = -INFINITY;
	double lead = work->problem->lead > 0 ? work->problem->lead : INFINITY;

	*score = -INFINITY;
	for (uint32_t i = 0; i < n; i++)
	{
		uint32_t number = work->refs[i] / 2;
		uint32_t other = work->edges[number].side[1 - work->refs[i] % 2];
		double evidence;

		if (work->weak[other] || is_refused(work, group, other))
			continue;
		evidence = judge_edge(work, number);
		if (evidence < work->problem->threshold)
			continue;
		if (evidence > *score)
		{
			second = *score;
			*score = evidence;
			found = other;
		}
		else if (evidence > second)
			second = evidence;
	}
	return second > -INFINITY && *score - second < lead ? NONE : found;
}

/*
 * Weak groups join where they have only one place to go.  All are judged
 * before any of them joins, so that none is judged by another.
 */
static void
place_weak(Work *work)
{
	const Host *host = work->problem->host;
	uint32_t *place = host->alloc(work->nodes * sizeof(uint32_t));
	double *score = host->alloc(work->nodes * sizeof(double));

	for (uint32_t i = 0; i < work->nodes; i++)
	{
		place[i] = NONE;
		if (work->size[i] > 0 && work->weak[i])
			place[i] = only_place(work, i, &score[i]);
	}
	for (uint32_t i = 0; i < work->nodes; i++)
	{
		uint32_t a;
		uint32_t b;

		if (place[i] == NONE)
			continue;
		a = group_of(work, i);
		b = group_of(work, place[i]);
		/* one that joined earlier may bring the other side of a refused link */
		if (a == b || is_refused(work, a, b))
			continue;
		work->weak[a] = work->weak[b] = false;
		merge_groups(work, need_edge(work, a, b), score[i], false);
	}
	host->release(place);
	host->release(score);
}

/* Record the pair that people decided on as the reason for a merge, whatever the other pairs show. */
static void
name_decided_pair(Work *work, uint32_t number, uint32_t x, uint32_t y)
{
	const ClusterProblem *problem = work->problem;
	Edge *edge = &work->edges[number];
	ClusterEvidence evidence;

	edge->best_a = x < y ? x : y;
	edge->best_b = x < y ? y : x;
	edge->best_weight = 0;
	if (problem->weigh == NULL)
		return;
	evidence.adjustment = 0;
	problem->weigh(problem->arg, work->node[edge->best_a], work->node[edge->best_b], &evidence);
	edge->best_weight = problem->prior + evidence.adjustment;
	for (int i = 0; i < problem->fields; i++)
		if (evidence.present >> i & 1)
			edge->best_weight += evidence.weight[i];
}

/*
 * Merge what people said belongs together, except across a refused link.  If
 * the evidence is enough, it is recorded as the reason.
 */
static void
merge_must(Work *work, const ClusterPair *must, size_t nmust, const uint32_t *local)
{
	for (size_t i = 0; i < nmust; i++)
	{
		uint32_t a = group_of(work, local[must[i].a]);
		uint32_t b = group_of(work, local[must[i].b]);
		uint32_t edge;
		double score;

		if (a == b)
			continue;
		if (is_refused(work, a, b))
		{
			work->refused++;
			continue;
		}
		edge = need_edge(work, a, b);
		if (work->edges[edge].pairs == 0 && work->problem->weigh != NULL)
			add_pairs_between(work, edge, a, b);
		score = work->edges[edge].pairs > 0 ? judge_edge(work, edge) : -INFINITY;
		if (!(score >= work->problem->threshold))
		{
			name_decided_pair(work, edge, local[must[i].a], local[must[i].b]);
			score = INFINITY;
		}
		work->weak[a] = work->weak[b] = false;
		merge_groups(work, edge, score, false);
	}
}

/* ------------------------------------------------------- a component */

static void
start_work(Work *work, const ClusterProblem *problem, const uint32_t *node, uint32_t nodes,
		   size_t npairs)
{
	const Host *host = problem->host;

	memset(work, 0, sizeof(Work));
	work->problem = problem;
	work->nodes = nodes;
	work->node = node;
	work->max_edges = npairs + 16;
	work->edges = host->alloc(work->max_edges * sizeof(Edge));
	work->sums_size = problem->fields * (sizeof(int64_t) + sizeof(int32_t) + sizeof(uint32_t));
	work->sums_size = (work->sums_size + 7) / 8 * 8;
	work->sums = host->alloc(work->max_edges * work->sums_size);
	work->nslots = 64;
	work->slots = host->alloc(sizeof(uint32_t));
	work->first = host->alloc(nodes * sizeof(uint32_t));
	work->degree = host->alloc(nodes * sizeof(uint32_t));
	work->owner = host->alloc(nodes * sizeof(uint32_t));
	work->last_member = host->alloc(nodes * sizeof(uint32_t));
	work->next_member = host->alloc(nodes * sizeof(uint32_t));
	work->size = host->alloc(nodes * sizeof(uint32_t));
	work->tags = host->alloc(nodes * sizeof(uint32_t *));
	work->ntags = host->alloc(nodes * sizeof(uint32_t));
	work->weak = host->alloc(nodes * sizeof(bool));
	work->max_refs = 16;
	work->refs = host->alloc(work->max_refs * sizeof(uint32_t));
	work->max_heap = npairs + 16;
	work->heap = host->alloc(work->max_heap * sizeof(Candidate));
	rebuild_slots(work);
	for (uint32_t i = 0; i < nodes; i++)
	{
		work->first[i] = NONE;
		work->degree[i] = 0;
		work->owner[i] = i;
		work->last_member[i] = i;
		work->next_member[i] = NONE;
		work->size[i] = 1;
		work->tags[i] = NULL;
		work->ntags[i] = 0;
		work->weak[i] = problem->is_weak != NULL && problem->is_weak(problem->arg, node[i]);
	}
}

static void
end_work(Work *work)
{
	const Host *host = work->problem->host;

	host->release(work->edges);
	host->release(work->sums);
	host->release(work->slots);
	for (uint32_t i = 0; i < work->nodes; i++)
		if (work->tags[i] != NULL)
			host->release(work->tags[i]);
	host->release(work->first);
	host->release(work->degree);
	host->release(work->owner);
	host->release(work->last_member);
	host->release(work->next_member);
	host->release(work->size);
	host->release(work->tags);
	host->release(work->ntags);
	host->release(work->weak);
	host->release(work->refs);
	host->release(work->heap);
}

static void
cluster_component(Work *work, const ClusterPair *pairs, size_t npairs, const ClusterPair *must,
				  size_t nmust, const uint32_t *local)
{
	bool by_function = work->problem->weigh != NULL;

	for (size_t i = 0; i < npairs; i++)
	{
		uint32_t a = local[pairs[i].a];
		uint32_t b = local[pairs[i].b];

		add_pair(work, need_edge(work, a, b), a, b, by_function ? NULL : &pairs[i].weight);
		step(work);
	}
	merge_must(work, must, nmust, local);
	fill_heap(work, false);
	merge_best(work);
	place_weak(work);
	fill_heap(work, true);
	merge_best(work);
}

/* ------------------------------------------------------------ everything */

/* Put what belongs to one component together, components in order. */
static ClusterPair *
sort_by_component(const Host *host, const ClusterPair *pairs, size_t npairs,
				  const uint32_t *component, const uint32_t *rank, uint32_t ncomponents,
				  size_t *starts)
{
	ClusterPair *sorted = host->alloc((npairs + 1) * sizeof(ClusterPair));

	memset(starts, 0, (ncomponents + 2) * sizeof(size_t));
	for (size_t i = 0; i < npairs; i++)
		starts[rank[component[pairs[i].a]] + 2]++;
	for (uint32_t i = 2; i < ncomponents + 2; i++)
		starts[i] += starts[i - 1];
	for (size_t i = 0; i < npairs; i++)
		sorted[starts[rank[component[pairs[i].a]] + 1]++] = pairs[i];
	return sorted;
}

/* Tags of a component's nodes: cannot is sorted by node, then tag. */
static void
take_tags(Work *work, const ClusterPair *cannot, size_t ncannot, const uint32_t *first_tag)
{
	for (uint32_t i = 0; i < work->nodes; i++)
	{
		size_t from = first_tag[work->node[i]];
		size_t n = 0;

		while (from + n < ncannot && cannot[from + n].a == work->node[i])
			n++;
		if (n == 0)
			continue;
		work->tags[i] = work->problem->host->alloc(n * sizeof(uint32_t));
		work->ntags[i] = n;
		for (size_t j = 0; j < n; j++)
			work->tags[i][j] = cannot[from + j].b;
	}
}

static int
compare_tags(const void *a, const void *b)
{
	const ClusterPair *x = a;
	const ClusterPair *y = b;

	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	return x->b < y->b ? -1 : x->b > y->b;
}

/* The places of a component's nodes, pairs and tags. */
typedef struct Layout
{
	uint32_t ncomponents; /* of more than one node */
	uint32_t *nodes; /* of these components, one after another */
	uint32_t *node_starts;
	uint32_t *local; /* number of each node within its component */
	ClusterPair *pairs;
	size_t *pair_starts;
	ClusterPair *must;
	size_t *must_starts;
	ClusterPair *cannot;
	uint32_t *first_tag;
} Layout;

static void
lay_out_nodes(const ClusterProblem *problem, const uint32_t *component, uint32_t *rank, Layout *l)
{
	const Host *host = problem->host;
	uint32_t *sizes = host->alloc((problem->nodes + 1) * sizeof(uint32_t));
	uint32_t place = 0;

	memset(sizes, 0, (problem->nodes + 1) * sizeof(uint32_t));
	for (uint32_t i = 0; i < problem->nodes; i++)
		sizes[component[i]]++;
	l->ncomponents = 0;
	for (uint32_t i = 0; i < problem->nodes; i++)
		rank[i] = sizes[i] > 1 ? l->ncomponents++ : NONE;
	l->node_starts = host->alloc((l->ncomponents + 1) * sizeof(uint32_t));
	for (uint32_t i = 0; i < problem->nodes; i++)
		if (rank[i] != NONE)
		{
			l->node_starts[rank[i]] = place;
			place += sizes[i];
			sizes[i] = l->node_starts[rank[i]];
		}
	l->node_starts[l->ncomponents] = place;
	l->nodes = host->alloc((place + 1) * sizeof(uint32_t));
	l->local = host->alloc((problem->nodes + 1) * sizeof(uint32_t));
	for (uint32_t i = 0; i < problem->nodes; i++)
	{
		uint32_t root = component[i];

		if (rank[root] == NONE)
			continue;
		l->local[i] = sizes[root] - l->node_starts[rank[root]];
		l->nodes[sizes[root]++] = i;
	}
	host->release(sizes);
}

static void
lay_out_tags(const ClusterProblem *problem, Layout *l)
{
	const Host *host = problem->host;

	l->cannot = host->alloc((problem->ncannot + 1) * sizeof(ClusterPair));
	memcpy(l->cannot, problem->cannot, problem->ncannot * sizeof(ClusterPair));
	qsort(l->cannot, problem->ncannot, sizeof(ClusterPair), compare_tags);
	l->first_tag = host->alloc((problem->nodes + 1) * sizeof(uint32_t));
	for (uint32_t i = 0; i < problem->nodes; i++)
		l->first_tag[i] = problem->ncannot;
	for (size_t i = problem->ncannot; i-- > 0;)
		l->first_tag[l->cannot[i].a] = i;
}

static void
free_layout(const Host *host, Layout *l)
{
	host->release(l->nodes);
	host->release(l->node_starts);
	host->release(l->local);
	host->release(l->pairs);
	host->release(l->pair_starts);
	host->release(l->must);
	host->release(l->must_starts);
	if (l->cannot != NULL)
	{
		host->release(l->cannot);
		host->release(l->first_tag);
	}
}

size_t
clusters_find(const ClusterProblem *problem, uint32_t *component, uint32_t *cluster)
{
	const Host *host = problem->host;
	uint32_t *rank = host->alloc((problem->nodes + 1) * sizeof(uint32_t));
	Layout l = {0};
	size_t refused = 0;

	start_alone(component, problem->nodes);
	join_pairs(host, component, problem->pairs, problem->npairs);
	join_pairs(host, component, problem->must, problem->nmust);
	point_at_roots(component, problem->nodes);
	start_alone(cluster, problem->nodes);

	lay_out_nodes(problem, component, rank, &l);
	l.pair_starts = host->alloc((l.ncomponents + 2) * sizeof(size_t));
	l.pairs = sort_by_component(host, problem->pairs, problem->npairs, component, rank,
								l.ncomponents, l.pair_starts);
	l.must_starts = host->alloc((l.ncomponents + 2) * sizeof(size_t));
	l.must = sort_by_component(host, problem->must, problem->nmust, component, rank,
							   l.ncomponents, l.must_starts);
	if (problem->ncannot > 0)
		lay_out_tags(problem, &l);
	for (uint32_t c = 0; c < l.ncomponents; c++)
	{
		const uint32_t *node = l.nodes + l.node_starts[c];
		uint32_t nodes = l.node_starts[c + 1] - l.node_starts[c];
		size_t npairs = l.pair_starts[c + 1] - l.pair_starts[c];
		Work work;

		start_work(&work, problem, node, nodes, npairs);
		if (problem->ncannot > 0)
			take_tags(&work, l.cannot, problem->ncannot, l.first_tag);
		cluster_component(&work, l.pairs + l.pair_starts[c], npairs, l.must + l.must_starts[c],
						  l.must_starts[c + 1] - l.must_starts[c], l.local);
		for (uint32_t i = 0; i < nodes; i++)
			if (work.size[i] > 0)
				for (uint32_t m = i; m != NONE; m = work.next_member[m])
					cluster[node[m]] = node[i];
		refused += work.refused;
		end_work(&work);
		host->pause();
	}
	free_layout(host, &l);
	host->release(rank);
	return refused;
}
