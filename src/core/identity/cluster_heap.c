/*-------------------------------------------------------------------------
 * cluster_heap.c
 *	  Merges that may be made, the one to make first on top.
 *-------------------------------------------------------------------------
 */
#include "core/identity/cluster_heap.h"

#include <stdbool.h>

#include "core/host.h"

static bool
comes_first(const ClusterCandidate *a, const ClusterCandidate *b)
{
	if (a->score != b->score)
		return a->score > b->score;
	if (a->a != b->a)
		return a->a < b->a;
	return a->b < b->b;
}

/*
 * cluster_heap_push
 *		Adds a candidate.
 */
void
cluster_heap_push(ClusterHeap *heap, ClusterCandidate candidate)
{
	size_t i = heap->n++;

	INVARIANT(heap->n <= heap->max);
	while (i > 0 && comes_first(&candidate, &heap->items[(i - 1) / 2]))
	{
		heap->items[i] = heap->items[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	heap->items[i] = candidate;
}

/*
 * cluster_heap_pop
 *		Takes the top away; there must be one.
 */
ClusterCandidate
cluster_heap_pop(ClusterHeap *heap)
{
	ClusterCandidate top = heap->items[0];
	ClusterCandidate last = heap->items[--heap->n];
	size_t i = 0;

	for (;;)
	{
		size_t child = 2 * i + 1;

		if (child >= heap->n)
			break;
		if (child + 1 < heap->n && comes_first(&heap->items[child + 1], &heap->items[child]))
			child++;
		if (!comes_first(&heap->items[child], &last))
			break;
		heap->items[i] = heap->items[child];
		i = child;
	}
	heap->items[i] = last;
	INVARIANT(heap->n == 0 || !comes_first(&heap->items[0], &top));
	return top;
}
