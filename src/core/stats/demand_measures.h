/*-------------------------------------------------------------------------
 * demand_measures.h
 *	  What a caller's contacts say about future ones.
 *
 * Plain C without PostgreSQL, so that it can be tested outside the server.
 *-------------------------------------------------------------------------
 */
#ifndef DEMAND_MEASURES_H
#define DEMAND_MEASURES_H

#include <stddef.h>
#include <stdint.h>

#include "core/stats/demand_model.h"
#include "core/time/window.h"

/* The measures, in the order in which they are returned. */
enum
{
	MEASURE_BASE, /* 1 */
	MEASURE_LATEST, /* ln(1 + contacts within the last horizon) */
	MEASURE_RECENT, /* ln(1 + decayed count), half-life 7 days */
	MEASURE_USUAL, /* the same, 56 days */
	MEASURE_EXPECTED, /* ln(1 + contacts expected within the horizon) */
	MEASURE_NEARNESS, /* share of a threshold that is reached now, at most 2 */
	MEASURE_PEAK, /* share of a threshold that was ever reached, at most 2 */
	MEASURE_MET, /* 2 ^ -(days since a criterion was met / 28), 0 if never */
	MEASURE_ACTIVE, /* probability that the caller has not stopped */
	NUM_MEASURES
};

typedef struct MeasureSettings
{
	int64_t as_of; /* later contacts are left out */
	double horizon; /* in days */
	const DemandModel *model; /* NULL: two measures are not known */
	const WindowCriterion *criteria;
	int num_criteria;
} MeasureSettings;

/* What is not known is NaN. */
typedef struct DemandMeasures
{
	double value[NUM_MEASURES];
	double expected_contacts;
	double probability_active;
} DemandMeasures;

extern void demand_measure(const int64_t *times, size_t n, const MeasureSettings *settings,
						   DemandMeasures *measures);

#endif /* DEMAND_MEASURES_H */
