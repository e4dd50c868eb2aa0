/*-------------------------------------------------------------------------
 * cluster_merge.h
 *	  One component of a clustering: what clusters.c hands to cluster_merge.c.
 *
 * Plain C without PostgreSQL, so that it can be tested outside the server.
 *-------------------------------------------------------------------------
 */
#ifndef CLUSTER_MERGE_H
#define CLUSTER_MERGE_H

#include "core/identity/clusters.h"

#define CLUSTER_NONE UINT32_MAX
#define CLUSTER_PAUSE_STEPS 4096

/* Pairs and must are between the problem's nodes, and of this component alone. */
typedef struct ClusterComponent
{
	uint32_t nodes;
	const uint32_t *node; /* the problem's number of each node, ascending */
	const uint32_t *local; /* number within the component, of each of the problem's nodes */
	const ClusterPair *pairs;
	size_t npairs;
	const ClusterPair *must;
	size_t nmust;
	const ClusterTag *cannot; /* of all components, by node, then tag */
	size_t ncannot;
	const uint32_t *first_tag; /* where those of each of the problem's nodes begin */
} ClusterComponent;

/*
 * Fills cluster, for the problem's nodes that are in the component, with the
 * lowest node of each cluster.  Returns how many must-links were left out.
 */
extern size_t cluster_component(const ClusterProblem *problem, const ClusterComponent *component, uint32_t *cluster);

/* The root of the tree that a node is in; makes the way there shorter. */
static inline uint32_t
cluster_root(uint32_t *parent, uint32_t node)
{
	while (parent[node] != node)
	{
		parent[node] = parent[parent[node]];
		node = parent[node];
	}
	return node;
}

#endif /* CLUSTER_MERGE_H */
