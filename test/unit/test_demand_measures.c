/*
 * Measures of demand against sums written out by hand.
 */
#include <math.h>

#include "core/stats/demand_measures.h"
#include "unit.h"

#define DAY INT64_C(86400000000)

static int64_t
local_day(void *arg, int64_t at)
{
	(void) arg;
	return at / DAY;
}

static void
near(double got, double wanted)
{
	MUST(fabs(got - wanted) < 1e-12);
}

static void
without_model(void)
{
	/* three contacts: 56, 7 and 0 days ago, and one still to come */
	int64_t times[] = {0, 49 * DAY, 56 * DAY, 56 * DAY + 1};
	WindowCriterion criteria[] = {
		{.threshold = 4, .width = (uint64_t) (8 * DAY)},
		{.threshold = 2, .width = (uint64_t) (7 * DAY)},
		{.threshold = 4, .period = local_day},
	};
	MeasureSettings settings = {.as_of = 56 * DAY, .horizon = 28, .criteria = criteria, .num_criteria = 1};
	DemandMeasures measures;

	demand_measure(times, 4, &settings, &measures);
	near(measures.value[MEASURE_BASE], 1);
	near(measures.value[MEASURE_RECENT], log1p(1 + 0.5 + exp2(-8)));
	near(measures.value[MEASURE_USUAL], log1p(1 + exp2(-0.125) + 0.5));
	near(measures.value[MEASURE_NEARNESS], 0.5);
	near(measures.value[MEASURE_MET], 0);
	MUST(isnan(measures.value[MEASURE_EXPECTED]) && isnan(measures.value[MEASURE_ACTIVE]));
	MUST(isnan(measures.expected_contacts) && isnan(measures.probability_active));

	/* a half-open window of 7 days does not hold what is 7 days old */
	settings.criteria = criteria + 1;
	demand_measure(times, 4, &settings, &measures);
	near(measures.value[MEASURE_NEARNESS], 0.5);

	/* met 14 days ago; today's is one of four */
	settings.criteria = criteria + 2;
	settings.as_of = 63 * DAY;
	criteria[2].threshold = 2;
	demand_measure(times, 4, &settings, &measures);
	near(measures.value[MEASURE_NEARNESS], 0);
	near(measures.value[MEASURE_MET], exp2(-(7 - 1.0 / DAY) / 28));
}

static void
with_model(void)
{
	int64_t times[] = {0, 10 * DAY, 20 * DAY};
	DemandModel model = {.r = 0.5, .alpha = 10, .a = 0.8, .b = 2.5, .occasion = DAY, .contacts_per_occasion = 2, .occasion_weight = 3};
	MeasureSettings settings = {.as_of = 30 * DAY, .horizon = 28, .model = &model};
	DemandMeasures measures;
	DemandSummary summary;

	demand_measure(times, 3, &settings, &measures);
	demand_summarise(times, 3, 30 * DAY, DAY, &summary);
	near(measures.expected_contacts, demand_expected_occasions(&model, &summary, 28) * (3 * 2 + 3) / (3 + 3));
	near(measures.value[MEASURE_EXPECTED], log1p(measures.expected_contacts));
	near(measures.value[MEASURE_ACTIVE], demand_probability_active(&model, &summary));
	MUST(measures.value[MEASURE_ACTIVE] > 0 && measures.value[MEASURE_ACTIVE] < 1);

	/* before the first contact there is nobody to expect */
	settings.as_of = -1;
	demand_measure(times, 3, &settings, &measures);
	MUST(isnan(measures.expected_contacts));
	near(measures.value[MEASURE_RECENT], 0);
}

int
main(void)
{
	without_model();
	with_model();
	return 0;
}
