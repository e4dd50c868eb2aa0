/*-------------------------------------------------------------------------
 * fuzz_clusters.c
 *	  libFuzzer target of what reads pairs of nodes from bytes, and of the
 *	  clusters that are found in whatever is accepted.
 *
 * Besides what the sanitizers see, accepted bytes must come to the same when
 * they are written and read again, and clusters must be what they are said to.
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/identity/node_pairs.h"
#include "unit_host.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_clusters(const NodePairs *set)
{
	uint32_t *cluster = malloc((set->nodes + 1) * sizeof(uint32_t));

	node_pairs_cluster(set, cluster);
	for (uint32_t i = 0; i < set->nodes; i++)
		MUST(cluster[i] <= i && cluster[cluster[i]] == cluster[i]);
	for (size_t i = 0; i < set->npairs; i++)
		if (set->pairs[i].weight == NODE_PAIR_CANNOT)
			MUST(cluster[set->pairs[i].a] != cluster[set->pairs[i].b]);
	free(cluster);
}

static void
check_again(const NodePairs *set)
{
	size_t len = node_pairs_size(set);
	char *bytes = malloc(len);
	char *again = malloc(len);
	NodePairs *other;

	node_pairs_encode(set, bytes);
	other = node_pairs_decode(&host, bytes, len);
	MUST(other != NULL);
	node_pairs_settle(other);
	MUST(node_pairs_size(other) == len);
	node_pairs_encode(other, again);
	MUST(memcmp(bytes, again, len) == 0);
	node_pairs_free(other);
	free(bytes);
	free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	NodePairs *set = node_pairs_decode(&host, (const char *) data, size);

	if (set == NULL)
		return 0;
	node_pairs_settle(set);
	check_clusters(set);
	check_again(set);
	node_pairs_free(set);
	return 0;
}
