/*-------------------------------------------------------------------------
 * clusters.c
 *	  Groups of nodes from evidence on pairs, without chaining.
 *
 * Components are clustered one after another, so memory is that of the largest.
 *-------------------------------------------------------------------------
 */
#include "core/identity/clusters.h"

#include <stdlib.h>
#include <string.h>

#include "core/identity/cluster_merge.h"

/* ------------------------------------------------------------ components */

/* The lower of the two roots becomes the root of both. */
static void
join_roots(uint32_t *parent, uint32_t a, uint32_t b)
{
	a = cluster_root(parent, a);
	b = cluster_root(parent, b);
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
		if (i % CLUSTER_PAUSE_STEPS == 0)
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
		parent[i] = cluster_root(parent, i);
}

void
clusters_components(const Host *host, uint32_t nodes, const ClusterPair *pairs, size_t npairs,
					uint32_t *component)
{
	start_alone(component, nodes);
	join_pairs(host, component, pairs, npairs);
	point_at_roots(component, nodes);
}

/* -------------------------------------------------------------- clusters */

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

static int
compare_tags(const void *a, const void *b)
{
	const ClusterTag *x = a;
	const ClusterTag *y = b;

	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	return x->tag < y->tag ? -1 : x->tag > y->tag;
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
	ClusterTag *cannot;
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
		rank[i] = sizes[i] > 1 ? l->ncomponents++ : CLUSTER_NONE;
	l->node_starts = host->alloc((l->ncomponents + 1) * sizeof(uint32_t));
	for (uint32_t i = 0; i < problem->nodes; i++)
		if (rank[i] != CLUSTER_NONE)
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

		if (rank[root] == CLUSTER_NONE)
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

	l->cannot = host->alloc((problem->ncannot + 1) * sizeof(ClusterTag));
	memcpy(l->cannot, problem->cannot, problem->ncannot * sizeof(ClusterTag));
	qsort(l->cannot, problem->ncannot, sizeof(ClusterTag), compare_tags);
	l->first_tag = host->alloc((problem->nodes + 1) * sizeof(uint32_t));
	for (uint32_t i = 0; i < problem->nodes; i++)
		l->first_tag[i] = problem->ncannot;
	for (size_t i = problem->ncannot; i-- > 0;)
		l->first_tag[l->cannot[i].node] = i;
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

static ClusterComponent
component_of(const ClusterProblem *problem, const Layout *l, uint32_t c)
{
	return (ClusterComponent){
		.nodes = l->node_starts[c + 1] - l->node_starts[c],
		.node = l->nodes + l->node_starts[c],
		.local = l->local,
		.pairs = l->pairs + l->pair_starts[c],
		.npairs = l->pair_starts[c + 1] - l->pair_starts[c],
		.must = l->must + l->must_starts[c],
		.nmust = l->must_starts[c + 1] - l->must_starts[c],
		.cannot = l->cannot,
		.ncannot = problem->ncannot,
		.first_tag = l->first_tag,
	};
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
		ClusterComponent one = component_of(problem, &l, c);

		refused += cluster_component(problem, &one, cluster);
		host->pause();
	}
	free_layout(host, &l);
	host->release(rank);
	return refused;
}
