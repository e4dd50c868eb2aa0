/*-------------------------------------------------------------------------
 * profile.h
 *	  Counts by hour of the week, for the profile and its heat map.
 *-------------------------------------------------------------------------
 */
#ifndef PROFILE_H
#define PROFILE_H

#define HOURS_OF_WEEK 168

extern void count_hours_of_week(struct varlena *stored, const char *zone,
								int64 *counts);

#endif /* PROFILE_H */
