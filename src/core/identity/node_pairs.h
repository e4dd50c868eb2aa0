/*-------------------------------------------------------------------------
 * node_pairs.h
 *	  Pairs of nodes, collected in any order and in parts, for clusters.c.
 *
 * Plain C without PostgreSQL, so that it can be tested outside the server.
 *
 * Nodes are numbers or names, each kept once.  What is gathered does not depend
 * on the order in which pairs came, nor on how they were split: encoded after
 * node_pairs_settle, the same pairs are the same bytes.
 *-------------------------------------------------------------------------
 */
#ifndef NODE_PAIRS_H
#define NODE_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/identity/clusters.h"
#include "core/slots.h"

/* The weight of a pair: thousandths of a bit, or one of these. */
#define NODE_PAIR_MUST INT64_MAX
#define NODE_PAIR_CANNOT INT64_MIN /* is stronger */

/* This many thousandths of a bit, added up this often, fit 64 bits. */
#define NODE_PAIR_MAX_WEIGHT INT64_C(1000000000)
#define NODE_PAIRS_MAX_ROWS UINT64_C(9000000000)

/* The most nodes, or pairs, for which clusters can number its edges. */
#define NODE_PAIRS_MAX ((size_t) 1 << 30)

typedef struct NodePairs
{
	const Host *host;
	bool named; /* nodes are names */
	bool weighed; /* otherwise only connections are kept */
	uint32_t nodes;
	uint32_t max_nodes;
	int64_t *number; /* of each node, or ... */
	size_t *name; /* ... where its name starts; and the end of the last */
	char *bytes;
	size_t max_bytes;
	Slots slots; /* of nodes */
	ClusterPair *pairs; /* a < b, each once when settled */
	size_t npairs;
	size_t max_pairs;
	uint64_t rows; /* that were added up */
} NodePairs;

extern NodePairs *node_pairs_create(const Host *host, bool named, bool weighed);
extern void node_pairs_free(NodePairs *set);
extern uint32_t node_pairs_number(NodePairs *set, int64_t number);
extern uint32_t node_pairs_name(NodePairs *set, const char *name, size_t len);
extern const char *node_pairs_name_of(const NodePairs *set, uint32_t node, size_t *len);

/* False if there are too many nodes, pairs, or rows to be added up. */
extern bool node_pairs_add(NodePairs *set, uint32_t a, uint32_t b, int64_t weight);
extern bool node_pairs_add_all(NodePairs *set, const NodePairs *other);

/* Number nodes in their order, and add up each pair, in order too. */
extern void node_pairs_settle(NodePairs *set);

/* The groups, by their lowest node, of a settled set. */
extern void node_pairs_cluster(const NodePairs *set, uint32_t *cluster);

/* As bytes, and back: NULL if the bytes are not of such a set. */
extern size_t node_pairs_size(const NodePairs *set);
extern void node_pairs_encode(const NodePairs *set, char *out);
extern NodePairs *node_pairs_decode(const Host *host, const char *bytes, size_t len);

#endif /* NODE_PAIRS_H */
