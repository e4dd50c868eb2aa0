/*-------------------------------------------------------------------------
 * cluster_tags.c
 *	  Which sides of refused links a group of nodes is on.
 *-------------------------------------------------------------------------
 */
#include "core/identity/cluster_tags.h"

/*
 * cluster_tags_of
 *		Those of a node, which are the first of n sorted ones.
 */
ClusterTags
cluster_tags_of(const Host *host, uint32_t node, const ClusterTag *tags, size_t n)
{
	ClusterTags own = {0};

	while (own.n < n && tags[own.n].node == node)
		own.n++;
	if (own.n == 0)
		return own;
	own.tag = host->alloc(own.n * sizeof(uint32_t));
	for (uint32_t i = 0; i < own.n; i++)
		own.tag[i] = tags[i].tag;
	return own;
}

/*
 * cluster_tags_oppose
 *		Whether two groups have nodes on both sides of a refused link.
 */
bool
cluster_tags_oppose(const ClusterTags *a, const ClusterTags *b)
{
	uint32_t i = 0;
	uint32_t j = 0;

	while (i < a->n && j < b->n)
	{
		if ((a->tag[i] ^ 1) == b->tag[j])
			return true;
		if (a->tag[i] < b->tag[j])
			i++;
		else
			j++;
	}
	return false;
}

/*
 * cluster_tags_merge
 *		Adds the tags of a group to those of the one that it goes into.
 */
void
cluster_tags_merge(const Host *host, ClusterTags *into, const ClusterTags *from)
{
	ClusterTags merged = {0};
	uint32_t i = 0;
	uint32_t j = 0;

	if (from->n == 0)
		return;
	merged.tag = host->alloc((into->n + from->n) * sizeof(uint32_t));
	while (i < into->n || j < from->n)
	{
		uint32_t tag = j == from->n || (i < into->n && into->tag[i] <= from->tag[j]) ? into->tag[i++] : from->tag[j++];

		INVARIANT(merged.n == 0 || tag >= merged.tag[merged.n - 1]);
		INVARIANT(merged.n == 0 || tag % 2 == 0 || tag != merged.tag[merged.n - 1] + 1);
		if (merged.n == 0 || tag != merged.tag[merged.n - 1])
			merged.tag[merged.n++] = tag;
	}
	if (into->tag != NULL)
		host->release(into->tag);
	*into = merged;
}
