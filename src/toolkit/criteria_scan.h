/*-------------------------------------------------------------------------
 * criteria_scan.h
 *	  Criteria prepared for a scan, and local time.
 *-------------------------------------------------------------------------
 */
#ifndef CRITERIA_SCAN_H
#define CRITERIA_SCAN_H

#include "fmgr.h"
#include "pgtime.h"
#include "utils/array.h"

#include "core/time/criterion.h"
#include "core/time/window.h"

/*
 * A time zone and the stretch of time for which its last known offset holds.
 * Zone pointers live as long as the session.
 */
typedef struct LocalZone
{
	pg_tz *zone;
	CriterionKind kind; /* the period that local_period counts */
	int64 valid_from; /* the offset holds in [valid_from, valid_to) */
	int64 valid_to;
	int64 offset; /* microseconds east of Greenwich */
} LocalZone;

typedef struct CriteriaSet
{
	int num_criteria;
	int64 min_threshold; /* fewer contacts than this meet nothing */
	Criterion *items;
	WindowCriterion *tests; /* the same, for the scans */
	LocalZone *zones;
} CriteriaSet;

extern pg_tz *find_zone(const char *name);
extern void local_zone_begin(LocalZone *local, const char *name);
extern int64 local_time(LocalZone *local, int64 at);
extern int64 local_day(LocalZone *local, int64 at);

extern void criterion_get(struct varlena *stored, Criterion *out);
extern struct varlena *criterion_make(const Criterion *criterion);
extern void rolling_window_set(WindowCriterion *test, int64 threshold, int64 width);
extern void window_criterion_set(WindowCriterion *test, LocalZone *local,
								 const Criterion *criterion);
extern ArrayType *criteria_from_text(text *written);
extern CriteriaSet *criteria_load(ArrayType *array);

#endif /* CRITERIA_SCAN_H */
