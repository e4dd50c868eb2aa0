/*-------------------------------------------------------------------------
 * linkage_groups.c
 *	  Which personas are one person: pairs that belong together, and the groups
 *	  that clusters.c makes of them by the evidence of linkage.c.
 *-------------------------------------------------------------------------
 */
#include "core/identity/linkage_store.h"

#define LEAD 5 /* bits by which the place of a weak persona must be better than any other */

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

/* The argument of a clustering problem, whose functions get only this. */
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
			 const ClusterPair *must, size_t nmust, const ClusterTag *cannot, size_t ncannot,
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
	problem.lead = LEAD * MILLIBITS;
	problem.merged = problem_merged;
	return clusters_find(&problem, component, cluster);
}
