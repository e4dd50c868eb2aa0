/*-------------------------------------------------------------------------
 * repeat_callers.c
 *	  The aggregates repeat_callers() and top_callers() over whole tables.
 *
 * One pass over the contacts gathers them in CallerRuns; at the end each
 * caller's contacts come back together and are scanned.  A caller with fewer
 * contacts than any criterion needs is skipped without being decoded.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "lib/pairingheap.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "nodes/primnodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "engage.h"
#include "host_sql.h"
#include "toolkit/aggregate.h"
#include "toolkit/caller_runs.h"
#include "toolkit/criteria_scan.h"
#include "toolkit/row.h"
#include "toolkit/timeline_sql.h"

/* First byte of a serialized state. */
#define STATE_VERSION 1

/*
 * The third argument, criteria or n, is kept as bytes: it must be the same in
 * every row, and is part of a partial state.
 */
typedef struct CallersState
{
	CallerRuns *runs;
	Datum last_option; /* the datum that was compared last */
	char *option;
	size_t option_len;
} CallersState;

/* Close a state's temporary files, whatever ended its aggregate. */
static void
release_state(Datum arg)
{
	caller_runs_release(((CallersState *) DatumGetPointer(arg))->runs);
}

static CallersState *
create_state(MemoryContext context, bool named, const char *option, size_t len)
{
	CallersState *state = MemoryContextAllocZero(context, sizeof(CallersState));

	state->runs = caller_runs_create(context, named);
	state->option = MemoryContextAlloc(context, len);
	state->option_len = len;
	memcpy(state->option, option, len);
	return state;
}

/* A state of the running aggregate, released with its memory context. */
static CallersState *
create_lasting_state(FunctionCallInfo fcinfo, bool named, const char *option, size_t len)
{
	CallersState *state = create_state(aggregate_context(fcinfo), named, option, len);

	AggRegisterCallback(fcinfo, release_state, PointerGetDatum(state));
	return state;
}

/* All rows, and all partial states, must have the same argument. */
static void
check_option(CallersState *state, const char *option, size_t len)
{
	if (state->option_len != len || memcmp(state->option, option, len) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the third argument is not the same for every row"),
				 errhint("Give the criteria, or the number of callers, as a constant.")));
}

/* The state of a call whose row counts, made at the first such row. */
static pg_attribute_always_inline CallersState *
state_for_option(FunctionCallInfo fcinfo, bool named, const char *option, size_t len)
{
	CallersState *state;

	if (PG_ARGISNULL(0))
		return create_lasting_state(fcinfo, named, option, len);
	state = (CallersState *) PG_GETARG_POINTER(0);
	check_option(state, option, len);
	return state;
}

/*
 * Is the third argument one datum for the whole query?  Any other might be
 * freed and its place used for the next row's.
 */
static bool
option_is_constant(FunctionCallInfo fcinfo)
{
	Aggref *aggref = AggGetAggref(fcinfo);
	Node *option;

	if (aggref == NULL || list_length(aggref->args) < 3)
		return false;
	option = (Node *) ((TargetEntry *) lthird(aggref->args))->expr;
	return IsA(option, Const) ||
		   (IsA(option, Param) && ((Param *) option)->paramkind == PARAM_EXTERN);
}

/*
 * The state for a row of repeat_callers: a constant array is compared once, and
 * what is written as text is read once.
 */
static pg_attribute_always_inline CallersState *
state_for_criteria(FunctionCallInfo fcinfo, bool named, bool written)
{
	CallersState *state;
	ArrayType *criteria;

	if (!PG_ARGISNULL(0))
	{
		state = (CallersState *) PG_GETARG_POINTER(0);
		if (state->last_option == PG_GETARG_DATUM(3))
			return state;
	}
	criteria = written ? criteria_from_text(PG_GETARG_TEXT_PP(3)) : PG_GETARG_ARRAYTYPE_P(3);
	state = state_for_option(fcinfo, named, (char *) criteria, VARSIZE(criteria));
	if (option_is_constant(fcinfo))
		state->last_option = PG_GETARG_DATUM(3);
	return state;
}

static pg_attribute_always_inline CallersState *
state_for_number(FunctionCallInfo fcinfo, bool named)
{
	int32 n = PG_GETARG_INT32(3);

	if (n < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot list the top %d callers", n),
				 errhint("Give a number of at least 1.")));
	return state_for_option(fcinfo, named, (char *) &n, sizeof(n));
}

static pg_attribute_always_inline bool
row_is_null(FunctionCallInfo fcinfo)
{
	return PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3);
}

static pg_attribute_always_inline Datum
unchanged(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

static pg_attribute_always_inline Datum
add_number(FunctionCallInfo fcinfo, CallersState *state)
{
	int64 at = PG_GETARG_TIMESTAMPTZ(2);

	timeline_check_finite(at);
	caller_runs_add(state->runs, spread_bits((uint64) PG_GETARG_INT64(1)), at);
	PG_RETURN_POINTER(state);
}

static pg_attribute_always_inline Datum
add_text(FunctionCallInfo fcinfo, CallersState *state)
{
	text *name = PG_GETARG_TEXT_PP(1);
	int64 at = PG_GETARG_TIMESTAMPTZ(2);

	timeline_check_finite(at);
	caller_runs_add_named(state->runs, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), at);
	PG_RETURN_POINTER(state);
}

/* repeat_callers_transfn(internal, bigint, timestamptz, criterion[]) RETURNS internal */
ENGAGE_FUNCTION(engage_repeat_callers_transfn);
Datum
engage_repeat_callers_transfn(PG_FUNCTION_ARGS)
{
	if (row_is_null(fcinfo))
		return unchanged(fcinfo);
	return add_number(fcinfo, state_for_criteria(fcinfo, false, false));
}

/* repeat_callers_text_transfn(internal, text, timestamptz, criterion[]) RETURNS internal */
ENGAGE_FUNCTION(engage_repeat_callers_text_transfn);
Datum
engage_repeat_callers_text_transfn(PG_FUNCTION_ARGS)
{
	if (row_is_null(fcinfo))
		return unchanged(fcinfo);
	return add_text(fcinfo, state_for_criteria(fcinfo, true, false));
}

/* repeat_callers_written_transfn(internal, bigint, timestamptz, text) RETURNS internal */
ENGAGE_FUNCTION(engage_repeat_callers_written_transfn);
Datum
engage_repeat_callers_written_transfn(PG_FUNCTION_ARGS)
{
	if (row_is_null(fcinfo))
		return unchanged(fcinfo);
	return add_number(fcinfo, state_for_criteria(fcinfo, false, true));
}

/* repeat_callers_text_written_transfn(internal, text, timestamptz, text) RETURNS internal */
ENGAGE_FUNCTION(engage_repeat_callers_text_written_transfn);
Datum
engage_repeat_callers_text_written_transfn(PG_FUNCTION_ARGS)
{
	if (row_is_null(fcinfo))
		return unchanged(fcinfo);
	return add_text(fcinfo, state_for_criteria(fcinfo, true, true));
}

/* top_callers_transfn(internal, bigint, timestamptz, integer) RETURNS internal */
ENGAGE_FUNCTION(engage_top_callers_transfn);
Datum
engage_top_callers_transfn(PG_FUNCTION_ARGS)
{
	if (row_is_null(fcinfo))
		return unchanged(fcinfo);
	return add_number(fcinfo, state_for_number(fcinfo, false));
}

/* top_callers_text_transfn(internal, text, timestamptz, integer) RETURNS internal */
ENGAGE_FUNCTION(engage_top_callers_text_transfn);
Datum
engage_top_callers_text_transfn(PG_FUNCTION_ARGS)
{
	if (row_is_null(fcinfo))
		return unchanged(fcinfo);
	return add_text(fcinfo, state_for_number(fcinfo, true));
}

/*
 * callers_combinefn(internal, internal) RETURNS internal
 *		The second state may live in another context, so its contacts are
 *		copied, as one run.
 */
ENGAGE_FUNCTION(engage_callers_combinefn);
Datum
engage_callers_combinefn(PG_FUNCTION_ARGS)
{
	CallersState *state;
	CallersState *other;

	aggregate_context(fcinfo);
	if (PG_ARGISNULL(1))
		return unchanged(fcinfo);
	other = (CallersState *) PG_GETARG_POINTER(1);
	if (PG_ARGISNULL(0))
		state = create_lasting_state(fcinfo, caller_runs_named(other->runs),
									 other->option, other->option_len);
	else
	{
		state = (CallersState *) PG_GETARG_POINTER(0);
		check_option(state, other->option, other->option_len);
	}
	caller_runs_add_all(state->runs, other->runs);
	PG_RETURN_POINTER(state);
}

/*
 * callers_serialfn(internal) RETURNS bytea
 *		Version, kind of callers, the third argument, then the contacts as a
 *		run.
 */
ENGAGE_FUNCTION(engage_callers_serialfn);
Datum
engage_callers_serialfn(PG_FUNCTION_ARGS)
{
	CallersState *state = (CallersState *) PG_GETARG_POINTER(0);
	StringInfoData buf;

	aggregate_context(fcinfo);
	aggregate_send(&buf, STATE_VERSION);
	pq_sendint8(&buf, caller_runs_named(state->runs));
	pq_sendint32(&buf, (uint32) state->option_len);
	pq_sendbytes(&buf, state->option, (int) state->option_len);
	caller_runs_encode(state->runs, &buf);
	caller_runs_release(state->runs);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* callers_deserialfn(bytea, internal) RETURNS internal */
ENGAGE_FUNCTION(engage_callers_deserialfn);
Datum
engage_callers_deserialfn(PG_FUNCTION_ARGS)
{
	StringInfoData buf;
	CallersState *state;
	bool named;
	int len;

	aggregate_context(fcinfo);
	aggregate_receive(&buf, PG_GETARG_BYTEA_PP(0), STATE_VERSION);
	named = pq_getmsgbyte(&buf) != 0;
	len = (int) pq_getmsgint(&buf, 4);
	state = create_state(CurrentMemoryContext, named, pq_getmsgbytes(&buf, len), len);
	caller_runs_stay_in_memory(state->runs);
	caller_runs_add_encoded(state->runs, buf.data + buf.cursor, buf.len - buf.cursor);
	PG_RETURN_POINTER(state);
}

static void
add_row(RowArray *result, Row *row)
{
	if (!row_array_add(result, row))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("more than 1 GB of callers meet the criteria"),
				 errhint("Raise the thresholds, or split the callers over several queries.")));
}

/* The caller of a merge as a datum, in the current context. */
static Datum
caller_datum(const MergedCaller *caller)
{
	if (caller->name != NULL)
		return PointerGetDatum(cstring_to_text_with_len(caller->name, (int) caller->name_len));
	return Int64GetDatum((int64) unspread_bits(caller->key));
}

/* A caller that meets a criterion, or is one of the top callers. */
typedef struct FoundCaller
{
	Datum caller;
	int criterion; /* its place among the criteria */
	int64 contacts;
	int64 first_at; /* first contact, or first at which it is met */
	int64 last_at; /* last contact, or last at which it is met */
	int64 episodes;
	WindowPeak peak;
} FoundCaller;

typedef struct FoundCallers
{
	FoundCaller *items;
	size_t n;
	size_t capacity;
} FoundCallers;

static FoundCaller *
add_found(FoundCallers *found)
{
	if (found->n == found->capacity)
		found->items = engage_grow_array(CurrentMemoryContext, found->items, &found->capacity, 256, sizeof(FoundCaller));
	return &found->items[found->n++];
}

/* Order by caller; names by their bytes. */
static int
compare_callers(Datum a, Datum b, bool named)
{
	struct varlena *x = (struct varlena *) DatumGetPointer(a);
	struct varlena *y = (struct varlena *) DatumGetPointer(b);
	int result;

	if (!named)
		return DatumGetInt64(a) < DatumGetInt64(b) ? -1 : DatumGetInt64(a) > DatumGetInt64(b);
	result = memcmp(VARDATA_ANY(x), VARDATA_ANY(y), Min(VARSIZE_ANY_EXHDR(x), VARSIZE_ANY_EXHDR(y)));
	if (result != 0)
		return result;
	return VARSIZE_ANY_EXHDR(x) < VARSIZE_ANY_EXHDR(y) ? -1 : VARSIZE_ANY_EXHDR(x) > VARSIZE_ANY_EXHDR(y);
}

static inline int
compare_by_caller(const FoundCaller *a, const FoundCaller *b, bool named)
{
	int result = compare_callers(a->caller, b->caller, named);

	return result != 0 ? result : a->criterion - b->criterion;
}

static inline int
compare_by_contacts(const FoundCaller *a, const FoundCaller *b, bool named)
{
	if (a->contacts != b->contacts)
		return a->contacts > b->contacts ? -1 : 1;
	return compare_callers(a->caller, b->caller, named);
}

#define ST_SORT sort_by_caller
#define ST_ELEMENT_TYPE FoundCaller
#define ST_COMPARE_ARG_TYPE bool
#define ST_COMPARE(a, b, named) compare_by_caller(a, b, *(named))
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DECLARE
#define ST_DEFINE
#include "lib/sort_template.h"

#define ST_SORT sort_by_contacts
#define ST_ELEMENT_TYPE FoundCaller
#define ST_COMPARE_ARG_TYPE bool
#define ST_COMPARE(a, b, named) compare_by_contacts(a, b, *(named))
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DECLARE
#define ST_DEFINE
#include "lib/sort_template.h"

/* Scan one caller for one criterion; true if it is met. */
static bool
scan_criterion(const int64 *times, int64 n, const WindowCriterion *test, FoundCaller *found)
{
	WindowScan scan;
	WindowEpisode episode;

	if (!window_first_met(times, n, test, &found->first_at))
		return false;
	found->episodes = 0;
	window_scan_begin(&scan, times, n, test, 1);
	while (window_scan_next(&scan, &episode))
	{
		found->episodes++;
		found->last_at = episode.ended_at;
	}
	found->peak = window_peak(times, n, test);
	found->contacts = n;
	return true;
}

/* Find every caller that meets a criterion, and which. */
static void
find_repeat_callers(CallersState *state, CriteriaSet *set, FoundCallers *found)
{
	CallerMerge *merge = caller_merge_begin(state->runs);
	MergedCaller caller;

	while (caller_merge_next(merge, &caller))
	{
		const int64 *times;
		Datum datum = (Datum) 0;

		CHECK_FOR_INTERRUPTS();
		if (caller.contacts < set->min_threshold)
			continue;
		times = caller_merge_times(merge);
		for (int c = 0; c < set->num_criteria; c++)
		{
			FoundCaller item = {.criterion = c};

			if (!scan_criterion(times, caller.contacts, &set->tests[c], &item))
				continue;
			if (datum == (Datum) 0)
				datum = caller_datum(&caller);
			item.caller = datum;
			*add_found(found) = item;
		}
	}
	caller_merge_end(merge);
}

/*
 * repeat_callers_finalfn(internal) RETURNS criterion_met[]
 * repeat_callers_text_finalfn(internal) RETURNS criterion_met_text[]
 *		One row per caller and criterion met, in that order.
 */
ENGAGE_FUNCTION(engage_repeat_callers_finalfn);
Datum
engage_repeat_callers_finalfn(PG_FUNCTION_ARGS)
{
	CallersState *state;
	CriteriaSet *set;
	FoundCallers found = {0};
	RowArray result;
	bool named;

	aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (CallersState *) PG_GETARG_POINTER(0);
	named = caller_runs_named(state->runs);
	set = criteria_load((ArrayType *) state->option);
	find_repeat_callers(state, set, &found);
	if (found.n > 0)
		sort_by_caller(found.items, found.n, &named);
	row_array_begin(fcinfo, &result);
	for (size_t i = 0; i < found.n; i++)
	{
		FoundCaller *item = &found.items[i];
		Row row;

		row_begin(&row, 0);
		row_add(&row, item->caller);
		row_add(&row, PointerGetDatum(criterion_make(&set->items[item->criterion])));
		row_add(&row, TimestampTzGetDatum(item->first_at));
		row_add(&row, TimestampTzGetDatum(item->last_at));
		row_add(&row, Int64GetDatum(item->episodes));
		row_add(&row, Int64GetDatum(item->peak.contacts));
		row_add(&row, TimestampTzGetDatum(item->peak.started_at));
		row_add(&row, TimestampTzGetDatum(item->peak.ended_at));
		row_add(&row, Int64GetDatum(item->contacts));
		add_row(&result, &row);
	}
	caller_runs_release(state->runs);
	return row_array_end(&result);
}

/* A caller's contacts in a heap whose first node has the fewest. */
typedef struct CountNode
{
	pairingheap_node node;
	int64 contacts;
} CountNode;

static int
compare_counts(const pairingheap_node *a, const pairingheap_node *b, void *arg)
{
	int64 x = pairingheap_const_container(CountNode, node, a)->contacts;
	int64 y = pairingheap_const_container(CountNode, node, b)->contacts;

	return x < y ? 1 : x > y ? -1 :
							   0;
}

/* The n-th largest number of contacts that any caller has, or the smallest. */
static int64
nth_count(CallersState *state, int32 n)
{
	CallerMerge *merge = caller_merge_begin(state->runs);
	pairingheap *heap = pairingheap_allocate(compare_counts, NULL);
	MergedCaller caller;
	int32 kept = 0;

	while (caller_merge_next(merge, &caller))
	{
		CountNode *node;

		CHECK_FOR_INTERRUPTS();
		if (kept < n)
		{
			node = palloc(sizeof(CountNode));
			kept++;
		}
		else
		{
			node = pairingheap_container(CountNode, node, pairingheap_first(heap));
			if (caller.contacts <= node->contacts)
				continue;
			pairingheap_remove_first(heap);
		}
		node->contacts = caller.contacts;
		pairingheap_add(heap, &node->node);
	}
	caller_merge_end(merge);
	return pairingheap_container(CountNode, node, pairingheap_first(heap))->contacts;
}

/* Every caller with at least so many contacts. */
static void
find_top_callers(CallersState *state, int64 contacts, FoundCallers *found)
{
	CallerMerge *merge = caller_merge_begin(state->runs);
	MergedCaller caller;

	while (caller_merge_next(merge, &caller))
	{
		const int64 *times;
		FoundCaller *item;

		CHECK_FOR_INTERRUPTS();
		if (caller.contacts < contacts)
			continue;
		times = caller_merge_times(merge);
		item = add_found(found);
		item->caller = caller_datum(&caller);
		item->criterion = 0;
		item->contacts = caller.contacts;
		item->first_at = times[0];
		item->last_at = times[caller.contacts - 1];
	}
	caller_merge_end(merge);
}

/*
 * top_callers_finalfn(internal) RETURNS caller_rank[]
 * top_callers_text_finalfn(internal) RETURNS caller_rank_text[]
 *		The top n callers with ties, most contacts first.
 */
ENGAGE_FUNCTION(engage_top_callers_finalfn);
Datum
engage_top_callers_finalfn(PG_FUNCTION_ARGS)
{
	CallersState *state;
	FoundCallers found = {0};
	RowArray result;
	bool named;
	int32 n;
	int64 rank = 0;

	aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (CallersState *) PG_GETARG_POINTER(0);
	named = caller_runs_named(state->runs);
	memcpy(&n, state->option, sizeof(n));
	find_top_callers(state, nth_count(state, n), &found);
	sort_by_contacts(found.items, found.n, &named);
	row_array_begin(fcinfo, &result);
	for (size_t i = 0; i < found.n; i++)
	{
		FoundCaller *item = &found.items[i];
		Row row;

		if (i == 0 || item->contacts != found.items[i - 1].contacts)
			rank = (int64) i + 1;
		row_begin(&row, 0);
		row_add(&row, Int64GetDatum(rank));
		row_add(&row, item->caller);
		row_add(&row, Int64GetDatum(item->contacts));
		row_add(&row, TimestampTzGetDatum(item->first_at));
		row_add(&row, TimestampTzGetDatum(item->last_at));
		add_row(&result, &row);
	}
	caller_runs_release(state->runs);
	return row_array_end(&result);
}
