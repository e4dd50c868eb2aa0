/*-------------------------------------------------------------------------
 * caller_runs.h
 *	  Contacts of many callers, gathered in any order, read back by caller.
 *-------------------------------------------------------------------------
 */
#ifndef CALLER_RUNS_H
#define CALLER_RUNS_H

#include "core/time/contact_sort.h"
#include "core/time/timeline.h"

typedef struct CallerRuns CallerRuns;
typedef struct CallerMerge CallerMerge;

/*
 * One caller of a merge.  A name is NULL where callers are numbers; it and the
 * times live until the next caller is asked for.
 */
typedef struct MergedCaller
{
	uint64 key; /* of a number: spread_bits(number) */
	const char *name;
	size_t name_len;
	int64 contacts;
} MergedCaller;

extern CallerRuns *caller_runs_create(MemoryContext context, bool named);
extern void caller_runs_stay_in_memory(CallerRuns *runs);
extern void caller_runs_release(CallerRuns *runs);
extern bool caller_runs_named(CallerRuns *runs);
extern void caller_runs_add(CallerRuns *runs, uint64 key, int64 at);
extern void caller_runs_add_named(CallerRuns *runs, const char *name, size_t len,
								  int64 at);
extern void caller_runs_add_encoded(CallerRuns *runs, const char *data, size_t len);
extern void caller_runs_add_all(CallerRuns *runs, CallerRuns *other);
extern void caller_runs_encode(CallerRuns *runs, StringInfo out);

extern CallerMerge *caller_merge_begin(CallerRuns *runs);
extern bool caller_merge_next(CallerMerge *merge, MergedCaller *caller);
extern const int64 *caller_merge_times(CallerMerge *merge);
extern void caller_merge_end(CallerMerge *merge);

#endif /* CALLER_RUNS_H */
