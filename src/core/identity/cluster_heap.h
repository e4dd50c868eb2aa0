/*-------------------------------------------------------------------------
 * cluster_heap.h
 *	  Merges that may be made, the one to make first on top.
 *
 * Plain C without PostgreSQL, so that it can be tested outside the server.
 *-------------------------------------------------------------------------
 */
#ifndef CLUSTER_HEAP_H
#define CLUSTER_HEAP_H

#include <stddef.h>
#include <stdint.h>

typedef struct ClusterCandidate
{
	double score;
	uint32_t a; /* lowest nodes of the two groups, which break ties */
	uint32_t b;
	uint32_t edge;
	uint32_t version; /* of the edge, to see whether it has changed since */
} ClusterCandidate;

typedef struct ClusterHeap
{
	ClusterCandidate *items;
	size_t n;
	size_t max; /* the owner sees to it that there is room */
} ClusterHeap;

extern void cluster_heap_push(ClusterHeap *heap, ClusterCandidate candidate);
extern ClusterCandidate cluster_heap_pop(ClusterHeap *heap);

#endif /* CLUSTER_HEAP_H */
