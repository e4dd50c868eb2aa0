/*-------------------------------------------------------------------------
 * cluster_tags.h
 *	  Which sides of refused links a group of nodes is on.
 *
 * Plain C without PostgreSQL, so that it can be tested outside the server.
 *-------------------------------------------------------------------------
 */
#ifndef CLUSTER_TAGS_H
#define CLUSTER_TAGS_H

#include <stdbool.h>

#include "core/identity/clusters.h"

/* Of a group, ascending, each once; all zero for none. */
typedef struct ClusterTags
{
	uint32_t *tag;
	uint32_t n;
} ClusterTags;

extern ClusterTags cluster_tags_of(const Host *host, uint32_t node, const ClusterTag *tags, size_t n);
extern bool cluster_tags_oppose(const ClusterTags *a, const ClusterTags *b);
extern void cluster_tags_merge(const Host *host, ClusterTags *into, const ClusterTags *from);

#endif /* CLUSTER_TAGS_H */
