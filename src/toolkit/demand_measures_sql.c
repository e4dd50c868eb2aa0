/*-------------------------------------------------------------------------
 * demand_measures_sql.c
 *	  What a caller's contacts say about future ones, in SQL.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/stats/demand_measures.h"
#include "engage.h"
#include "toolkit/arguments.h"
#include "toolkit/criteria_scan.h"
#include "toolkit/demand_model_sql.h"
#include "toolkit/row.h"
#include "toolkit/timeline_sql.h"

/* The arguments of a call. */
enum
{
	ARG_TIMELINE,
	ARG_AS_OF,
	ARG_CRITERIA,
	ARG_MODEL,
	ARG_HORIZON
};

/* What the rows of a query share: prepared criteria, and the row type. */
typedef struct MeasuresCall
{
	MemoryContext context; /* of the criteria */
	struct varlena *criteria_bytes; /* as they were given */
	CriteriaSet *criteria; /* NULL for none */
	TupleDesc row_type;
} MeasuresCall;

static MeasuresCall *
call_state(FunctionCallInfo fcinfo)
{
	MeasuresCall *call = fcinfo->flinfo->fn_extra;
	MemoryContext old;

	if (call != NULL)
		return call;
	old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	call = palloc0(sizeof(MeasuresCall));
	call->row_type = row_type(fcinfo);
	call->context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "engage criteria", ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(old);
	fcinfo->flinfo->fn_extra = call;
	return call;
}

/* The criteria of a call, prepared once for all rows that share them. */
static CriteriaSet *
criteria_argument(MeasuresCall *call, struct varlena *given)
{
	MemoryContext old;

	if (call->criteria_bytes != NULL && VARSIZE_ANY(call->criteria_bytes) == VARSIZE_ANY(given) &&
		memcmp(call->criteria_bytes, given, VARSIZE_ANY(given)) == 0)
		return call->criteria;
	call->criteria_bytes = NULL; /* until the new ones are known to be valid */
	MemoryContextReset(call->context);
	old = MemoryContextSwitchTo(call->context);
	call->criteria = ARR_NDIM((ArrayType *) given) == 0 ? NULL : criteria_load((ArrayType *) given);
	call->criteria_bytes = palloc(VARSIZE_ANY(given));
	memcpy(call->criteria_bytes, given, VARSIZE_ANY(given));
	MemoryContextSwitchTo(old);
	return call->criteria;
}

static Datum
measures_row(const MeasuresCall *call, const DemandMeasures *measures)
{
	Row row;

	row_begin(&row, 0);
	row_add(&row, row_numbers(measures->value, NUM_MEASURES));
	row_add_number(&row, measures->expected_contacts);
	row_add_number(&row, measures->probability_active);
	return row_form(call->row_type, &row);
}

/*
 * demand_measures(t timeline, as_of timestamptz, criteria criterion[], model demand_model,
 *			horizon interval) RETURNS record
 *		Strict except for the model, which may be NULL.
 */
ENGAGE_FUNCTION(engage_demand_measures);
Datum
engage_demand_measures(PG_FUNCTION_ARGS)
{
	MeasuresCall *call;
	CriteriaSet *criteria;
	MeasureSettings settings = {0};
	DemandModel model;
	DemandMeasures measures;
	int64 *times;
	int64 n;

	for (int i = ARG_TIMELINE; i <= ARG_HORIZON; i++)
		if (i != ARG_MODEL && PG_ARGISNULL(i))
			PG_RETURN_NULL();
	call = call_state(fcinfo);
	criteria = criteria_argument(call, (struct varlena *) PG_GETARG_ARRAYTYPE_P(ARG_CRITERIA));
	settings.as_of = PG_GETARG_TIMESTAMPTZ(ARG_AS_OF);
	timeline_check_finite(settings.as_of);
	settings.horizon = (double) interval_span(PG_GETARG_INTERVAL_P(ARG_HORIZON), "horizon") / USECS_PER_DAY;
	if (criteria != NULL)
	{
		settings.criteria = criteria->tests;
		settings.num_criteria = criteria->num_criteria;
	}
	if (!PG_ARGISNULL(ARG_MODEL))
	{
		demand_model_from_datum(PG_GETARG_HEAPTUPLEHEADER(ARG_MODEL), &model);
		if (model.occasion == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("this demand model was made from summaries, and does not define an occasion"),
					 errhint("Make it from timelines.")));
		settings.model = &model;
	}
	times = timeline_times(PG_GETARG_VARLENA_PP(ARG_TIMELINE), &n);
	demand_measure(times, (size_t) n, &settings, &measures);
	pfree(times);
	CHECK_FOR_INTERRUPTS();
	PG_RETURN_DATUM(measures_row(call, &measures));
}
