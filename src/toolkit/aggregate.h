/*-------------------------------------------------------------------------
 * aggregate.h
 *	  What the support functions of every aggregate need.
 *-------------------------------------------------------------------------
 */
#ifndef AGGREGATE_H
#define AGGREGATE_H

#include "fmgr.h"
#include "lib/stringinfo.h"

/* The memory context of the state; an error outside an aggregate. */
static inline MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate support function called outside an aggregate");
	return context;
}

/* The state that is the n-th argument; NULL before the first row that counts. */
static inline void *
aggregate_state(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : PG_GETARG_POINTER(n);
}

/* What a transition or combine function returns: the state, NULL if there is none. */
static inline Datum
aggregate_return(FunctionCallInfo fcinfo, void *state)
{
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

extern void aggregate_send(StringInfo buf, uint8 version);
extern void aggregate_receive(StringInfo buf, bytea *serialized, uint8 version);
extern _Noreturn void aggregate_refuse_state(void);

#endif /* AGGREGATE_H */
