/*-------------------------------------------------------------------------
 * cluster_merge.c
 *	  The groups within one component of a clustering.
 *
 * Nodes are numbered within the component, in the order of the problem, and a
 * group is identified by its lowest node.  So ties are broken the same way
 * whatever else is in the problem.
 *
 * Two groups with a given pair between them have an edge, with the sums of all
 * pairs between them.
 *-------------------------------------------------------------------------
 */
#include "core/identity/cluster_merge.h"

#include <math.h>
#include <string.h>

#include "core/identity/cluster_heap.h"
#include "core/identity/cluster_tags.h"
#include "core/slots.h"

#define NONE CLUSTER_NONE

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

/*
 * The component in progress.
 *
 * Groups are known by their lowest node.  Edges and slots are of groups that
 * there are: when two merge, the edges of the one that goes become edges of the
 * one that stays, and two that then have the same ends become one.  Each live
 * edge is in the lists of both its groups; dead ones leave a list when it is
 * gathered next.  The heap keeps candidates of edges that have changed or died
 * since, and passes over them when they come up.
 */
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

	Slots slots; /* of edges that are not dead, by their ends */

	uint32_t *first; /* first edge reference of each group: 2 * edge + side */
	uint32_t *degree; /* references in each group's list, dead ones included */
	uint32_t *owner; /* the group that a merged group went into, or itself */
	uint32_t *last_member; /* members of a group are a list from its lowest node */
	uint32_t *next_member;
	uint32_t *size; /* of each group; 0 for a node that is merged into another */
	ClusterTags *tags; /* of each group */
	bool *weak;

	uint32_t *refs; /* edge references gathered last */
	size_t max_refs;

	ClusterHeap heap;
	unsigned steps;
	size_t refused;
} Work;

static void
step(Work *work)
{
	if (++work->steps % CLUSTER_PAUSE_STEPS == 0)
		work->problem->host->pause();
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

static uint64_t
hash_ends(uint32_t a, uint32_t b)
{
	return ((uint64_t) a << 32 | b) * UINT64_C(0x9e3779b97f4a7c15) >> 32;
}

static size_t
slot_of(const Work *work, uint32_t a, uint32_t b)
{
	const Slots *slots = &work->slots;
	size_t slot = slots_first(slots, hash_ends(a, b));

	while (slots->place[slot] != SLOT_FREE)
	{
		const Edge *edge = &work->edges[slots->place[slot]];

		if (!edge->dead && edge->a == a && edge->b == b)
			break;
		slot = slots_next(slots, slot);
	}
	return slot;
}

static void
rebuild_slots(Work *work)
{
	slots_lay(work->problem->host, &work->slots, work->max_edges);
	for (size_t i = 0; i < work->nedges; i++)
		if (!work->edges[i].dead)
			slots_put(&work->slots, hash_ends(work->edges[i].a, work->edges[i].b), i);
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
	INVARIANT(a != b && work->size[a] > 0 && work->size[b] > 0);
	slot = slot_of(work, a, b);
	if (work->slots.place[slot] != SLOT_FREE)
		return work->slots.place[slot];
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
	work->slots.place[slot] = work->nedges;
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

static bool
is_void(const Work *work, const ClusterCandidate *candidate)
{
	const Edge *edge = &work->edges[candidate->edge];

	return edge->dead || edge->version != candidate->version;
}

/* Make room for one more candidate, first by removing void ones. */
static void
make_room(Work *work)
{
	ClusterHeap *heap = &work->heap;
	size_t n = heap->n;

	heap->n = 0;
	for (size_t i = 0; i < n; i++)
	{
		ClusterCandidate candidate = heap->items[i];

		if (!is_void(work, &candidate))
			cluster_heap_push(heap, candidate);
		step(work);
	}
	if (heap->n > heap->max / 2)
	{
		heap->max *= 2;
		heap->items = work->problem->host->resize(heap->items, heap->max * sizeof(ClusterCandidate));
	}
}

static void
push(Work *work, uint32_t number, double score)
{
	const Edge *edge = &work->edges[number];

	if (work->heap.n == work->heap.max)
		make_room(work);
	cluster_heap_push(&work->heap, (ClusterCandidate){score, edge->a, edge->b, number, edge->version});
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

static bool
is_refused(const Work *work, uint32_t a, uint32_t b)
{
	return cluster_tags_oppose(&work->tags[a], &work->tags[b]);
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
	Slots *slots = &work->slots;
	size_t slot = slot_of(work, work->edges[edge].a, work->edges[edge].b);

	INVARIANT(slots->place[slot] == edge);
	slots->place[slot] = SLOT_FREE;
	for (slot = slots_next(slots, slot); slots->place[slot] != SLOT_FREE; slot = slots_next(slots, slot))
	{
		uint32_t moving = slots->place[slot];

		slots->place[slot] = SLOT_FREE;
		slots_put(slots, hash_ends(work->edges[moving].a, work->edges[moving].b), moving);
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
	if (work->slots.place[slot] != SLOT_FREE)
	{
		uint32_t kept = work->slots.place[slot];

		add_sums(work, kept, number);
		edge->dead = true;
		return kept;
	}
	if (work->problem->weigh != NULL)
		add_pairs_between(work, number, into, other);
	edge->a = low;
	edge->b = high;
	edge->side[side] = into;
	work->slots.place[slot] = number;
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
	return cluster_root(work->owner, node);
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

	INVARIANT(work->size[into] > 0 && work->size[from] > 0 && !is_refused(work, into, from));
	report_merge(work, number, score);
	free_slot(work, number);
	work->edges[number].dead = true;
	cluster_tags_merge(work->problem->host, &work->tags[into], &work->tags[from]);
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
	while (work->heap.n > 0)
	{
		ClusterCandidate top = cluster_heap_pop(&work->heap);

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

/* ----------------------------------------------------------- a component */

static ClusterTags
tags_of(const ClusterComponent *component, uint32_t node, const Host *host)
{
	size_t from;

	if (component->ncannot == 0)
		return (ClusterTags){0};
	from = component->first_tag[node];
	return cluster_tags_of(host, node, component->cannot + from, component->ncannot - from);
}

static void
start_work(Work *work, const ClusterProblem *problem, const ClusterComponent *component)
{
	const Host *host = problem->host;
	uint32_t nodes = component->nodes;
	size_t npairs = component->npairs;

	memset(work, 0, sizeof(Work));
	work->problem = problem;
	work->nodes = nodes;
	work->node = component->node;
	work->max_edges = npairs + 16;
	work->edges = host->alloc(work->max_edges * sizeof(Edge));
	work->sums_size = problem->fields * (sizeof(int64_t) + sizeof(int32_t) + sizeof(uint32_t));
	work->sums_size = (work->sums_size + 7) / 8 * 8;
	work->sums = host->alloc(work->max_edges * work->sums_size);
	work->first = host->alloc(nodes * sizeof(uint32_t));
	work->degree = host->alloc(nodes * sizeof(uint32_t));
	work->owner = host->alloc(nodes * sizeof(uint32_t));
	work->last_member = host->alloc(nodes * sizeof(uint32_t));
	work->next_member = host->alloc(nodes * sizeof(uint32_t));
	work->size = host->alloc(nodes * sizeof(uint32_t));
	work->tags = host->alloc(nodes * sizeof(ClusterTags));
	work->weak = host->alloc(nodes * sizeof(bool));
	work->max_refs = 16;
	work->refs = host->alloc(work->max_refs * sizeof(uint32_t));
	work->heap.max = npairs + 16;
	work->heap.items = host->alloc(work->heap.max * sizeof(ClusterCandidate));
	rebuild_slots(work);
	for (uint32_t i = 0; i < nodes; i++)
	{
		work->first[i] = NONE;
		work->degree[i] = 0;
		work->owner[i] = i;
		work->last_member[i] = i;
		work->next_member[i] = NONE;
		work->size[i] = 1;
		work->tags[i] = tags_of(component, work->node[i], host);
		work->weak[i] = problem->is_weak != NULL && problem->is_weak(problem->arg, work->node[i]);
	}
}

static void
end_work(Work *work)
{
	const Host *host = work->problem->host;

	host->release(work->edges);
	host->release(work->sums);
	slots_release(host, &work->slots);
	for (uint32_t i = 0; i < work->nodes; i++)
		if (work->tags[i].tag != NULL)
			host->release(work->tags[i].tag);
	host->release(work->first);
	host->release(work->degree);
	host->release(work->owner);
	host->release(work->last_member);
	host->release(work->next_member);
	host->release(work->size);
	host->release(work->tags);
	host->release(work->weak);
	host->release(work->refs);
	host->release(work->heap.items);
}

#ifdef ENGAGE_ASSERTS

/*
 * What holds between merges: every node is in one group; a live edge is found by
 * its ends, which are groups, and its sums are of no more pairs than there are.
 */
static bool
work_holds(const Work *work)
{
	uint64_t nodes = 0;

	for (uint32_t i = 0; i < work->nodes; i++)
	{
		INVARIANT((work->size[i] > 0) == (work->owner[i] == i) && work->owner[i] <= i);
		nodes += work->size[i];
	}
	INVARIANT(nodes == work->nodes);
	for (size_t i = 0; i < work->nedges; i++)
	{
		const Edge *edge = &work->edges[i];

		if (edge->dead)
			continue;
		INVARIANT(edge->a < edge->b && work->slots.place[slot_of(work, edge->a, edge->b)] == i);
		INVARIANT(work->size[edge->a] > 0 && work->size[edge->b] > 0);
		INVARIANT(edge->agreeing <= edge->pairs && edge->pairs <= (uint64_t) work->size[edge->a] * work->size[edge->b]);
	}
	return true;
}

#endif

/*
 * cluster_component
 *		Merges what is decided first, then by evidence; weak groups last.
 */
size_t
cluster_component(const ClusterProblem *problem, const ClusterComponent *component, uint32_t *cluster)
{
	bool by_function = problem->weigh != NULL;
	size_t refused;
	Work work;

	start_work(&work, problem, component);
	for (size_t i = 0; i < component->npairs; i++)
	{
		const ClusterPair *pair = &component->pairs[i];
		uint32_t a = component->local[pair->a];
		uint32_t b = component->local[pair->b];

		add_pair(&work, need_edge(&work, a, b), a, b, by_function ? NULL : &pair->weight);
		step(&work);
	}
	merge_must(&work, component->must, component->nmust, component->local);
	INVARIANT(work_holds(&work));
	fill_heap(&work, false);
	merge_best(&work);
	INVARIANT(work_holds(&work));
	place_weak(&work);
	fill_heap(&work, true);
	merge_best(&work);
	INVARIANT(work_holds(&work));
	for (uint32_t i = 0; i < work.nodes; i++)
		if (work.size[i] > 0)
			for (uint32_t m = i; m != NONE; m = work.next_member[m])
				cluster[work.node[m]] = work.node[i];
	refused = work.refused;
	end_work(&work);
	return refused;
}
