/*-------------------------------------------------------------------------
 * timeline_sql.h
 *	  Timelines as datums.
 *-------------------------------------------------------------------------
 */
#ifndef TIMELINE_SQL_H
#define TIMELINE_SQL_H

#include "core/time/timeline.h"

extern void timeline_begin(TimelineReader *reader, struct varlena *stored);
extern int64 *timeline_times(struct varlena *stored, int64 *n);
extern struct varlena *timeline_make(const int64 *times, int64 n);
extern void timeline_check_finite(int64 at);
extern void timeline_sort(int64 *times, size_t n);
extern void timeline_report(TimelineStatus status);

#endif /* TIMELINE_SQL_H */
