/*-------------------------------------------------------------------------
 * aggregate.h
 *	  What the support functions of every aggregate need.
 *-------------------------------------------------------------------------
 */
#ifndef AGGREGATE_H
#define AGGREGATE_H

#include "fmgr.h"

/* The memory context of the state; an error outside an aggregate. */
static inline MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate support function called outside an aggregate");
	return context;
}

#endif /* AGGREGATE_H */
