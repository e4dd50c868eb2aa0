/*-------------------------------------------------------------------------
 * profile_sql.h
 *	  What the profile shares: counts by hour of the week, for its heat map, and
 *	  the check of a time to which counts decay.
 *-------------------------------------------------------------------------
 */
#ifndef PROFILE_SQL_H
#define PROFILE_SQL_H

#include "datatype/timestamp.h"

#define HOURS_OF_WEEK 168

extern void count_hours_of_week(struct varlena *stored, const char *zone,
								int64 *counts);
extern void check_as_of(TimestampTz as_of);

#endif /* PROFILE_SQL_H */
