/*-------------------------------------------------------------------------
 * clusters.h
 *	  Groups of nodes from evidence on pairs, without chaining.
 *
 * Plain C without PostgreSQL, so that it can be tested outside the server.
 *
 * Every node starts as a group.  The two groups whose joint evidence is
 * highest are merged, again and again, until no two groups are left whose
 * evidence reaches the threshold (greedy additive edge contraction: Keuper et
 * al., "Efficient decomposition of image and mesh graphs by lifted
 * multicuts", ICCV 2015).  Evidence has one or several fields, and is added
 * up exactly, in whole numbers, so the result does not depend on the order in
 * which pairs are given.
 *-------------------------------------------------------------------------
 */
#ifndef CLUSTERS_H
#define CLUSTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/host.h"

#define CLUSTER_MAX_FIELDS 24

/* Weights are in thousandths of a bit. */
#define MILLIBITS 1000

/* The evidence of one pair of nodes. */
typedef struct ClusterEvidence
{
	uint32_t present; /* a bit for each field that both nodes have */
	int32_t weight[CLUSTER_MAX_FIELDS]; /* of these */
	int32_t adjustment; /* of the pair's own evidence, beside their sum */
} ClusterEvidence;

/* The evidence of all pairs between two groups, added up. */
typedef struct ClusterSums
{
	int64_t weight[CLUSTER_MAX_FIELDS];
	int32_t best[CLUSTER_MAX_FIELDS]; /* the highest of them, or 0 */
	uint32_t count[CLUSTER_MAX_FIELDS]; /* pairs that have the field */
} ClusterSums;

/* Two nodes with evidence between them. */
typedef struct ClusterPair
{
	uint32_t a;
	uint32_t b;
	int64_t weight; /* if the problem has no function for it */
} ClusterPair;

/*
 * A node on one side of a link that people refused: twice the link's number,
 * plus 1 for its other side.  No group ever holds nodes of both sides.
 */
typedef struct ClusterTag
{
	uint32_t node;
	uint32_t tag;
} ClusterTag;

/* How two groups came together. */
typedef struct ClusterMerge
{
	uint32_t a; /* the pair of nodes, one of each group, ... */
	uint32_t b;
	int64_t weight; /* ... with the most evidence, prior included */
	double score; /* evidence between the groups; infinite if only must-linked */
	uint32_t size_a; /* nodes of the group with a */
	uint32_t size_b;
	uint64_t pairs; /* pairs between the groups */
	uint64_t agreeing; /* of these, pairs whose own evidence is not below 0 */
} ClusterMerge;

/*
 * What is to be clustered.  Functions get arg.  Pairs must be of different
 * nodes, and each given once; a node that is in no pair stays alone.
 */
typedef struct ClusterProblem
{
	const Host *host;
	void *arg;
	uint32_t nodes;
	int fields;
	double threshold; /* evidence at which groups merge, thousandths of a bit */
	int64_t prior; /* of a pair's own evidence */

	const ClusterPair *pairs;
	size_t npairs;
	const ClusterPair *must; /* merged first, in this order */
	size_t nmust;
	const ClusterTag *cannot;
	size_t ncannot;

	/* Evidence of any pair; NULL if pairs that are not given have none. */
	void (*weigh)(void *arg, uint32_t a, uint32_t b, ClusterEvidence *evidence);
	/* Evidence between groups, from their sums. */
	double (*judge)(void *arg, const ClusterSums *sums);
	/* Nodes that join a group only if no rival would take them; or NULL. */
	bool (*is_weak)(void *arg, uint32_t node);
	double lead; /* a group this far behind in evidence is not a rival; 0: all are */
	/* Called for every merge, in order; or NULL. */
	void (*merged)(void *arg, const ClusterMerge *merge);
} ClusterProblem;

/*
 * Fills component and cluster, which have one element per node, with the
 * lowest node of the component (by pairs and must) and of the cluster of each
 * node.  Returns how many must-links were left out because of cannot.
 */
extern size_t clusters_find(const ClusterProblem *problem, uint32_t *component, uint32_t *cluster);

/* Only the components: plain closure. */
extern void clusters_components(const Host *host, uint32_t nodes, const ClusterPair *pairs,
								size_t npairs, uint32_t *component);

#endif /* CLUSTERS_H */
