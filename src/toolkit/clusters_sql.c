/*-------------------------------------------------------------------------
 * clusters_sql.c
 *	  The aggregates caller_clusters() and connected_components().
 *
 * A state is a set of pairs. node_pairs.c and clusters.c make sure that the
 * result is the same for every order and split of the rows.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "core/identity/node_pairs.h"
#include "engage.h"
#include "host_sql.h"
#include "toolkit/aggregate.h"
#include "toolkit/row.h"

/* More evidence than this counts as certainty. */
#define MAX_BITS ((double) NODE_PAIR_MAX_WEIGHT / MILLIBITS)

static void
refuse_too_many(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("too many pairs to find clusters in"),
			 errhint("Leave out pairs that say little, or split them over several queries.")));
}

/* The weight of a pair, from bits. */
static int64
weight_of(double bits)
{
	if (isnan(bits))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a weight is not a number"),
				 errhint("A weight is the evidence that two nodes are the same, in bits; leave it NULL if there is none.")));
	if (isinf(bits))
		return bits > 0 ? NODE_PAIR_MUST : NODE_PAIR_CANNOT;
	if (fabs(bits) > MAX_BITS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a weight is beyond %.0f bits", MAX_BITS),
				 errhint("Use Infinity for nodes that are certainly the same, -Infinity for those that are certainly not.")));
	return (int64) rint(bits * MILLIBITS);
}

static uint32
node_of(NodePairs *set, NullableDatum *arg)
{
	text *name;

	if (!set->named)
		return node_pairs_number(set, DatumGetInt64(arg->value));
	name = DatumGetTextPP(arg->value);
	return node_pairs_name(set, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
}

/* Adds a row's nodes, and its evidence about them. */
static pg_attribute_always_inline Datum
add_row(FunctionCallInfo fcinfo, bool named, bool weighed)
{
	MemoryContext context = aggregate_context(fcinfo);
	MemoryContext old;
	NodePairs *set;
	uint32 a = 0;
	uint32 b = 0;
	int64 weight = 0;
	bool says_nothing = PG_ARGISNULL(1) || PG_ARGISNULL(2);

	if (weighed)
	{
		if (PG_ARGISNULL(3))
			says_nothing = true;
		else
			weight = weight_of(PG_GETARG_FLOAT8(3));
	}
	if (PG_ARGISNULL(1) && PG_ARGISNULL(2))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	old = MemoryContextSwitchTo(context);
	set = PG_ARGISNULL(0) ? node_pairs_create(&engage_host, named, weighed) : aggregate_state(fcinfo, 0);
	if (!PG_ARGISNULL(1))
		a = node_of(set, &fcinfo->args[1]);
	if (!PG_ARGISNULL(2))
		b = node_of(set, &fcinfo->args[2]);
	if (set->nodes > NODE_PAIRS_MAX || (!says_nothing && !node_pairs_add(set, a, b, weight)))
		refuse_too_many();
	MemoryContextSwitchTo(old);
	PG_RETURN_POINTER(set);
}

/* caller_clusters_transfn(internal, bigint, bigint, double precision) RETURNS internal */
ENGAGE_FUNCTION(engage_caller_clusters_transfn);
Datum
engage_caller_clusters_transfn(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, false, true);
}

/* caller_clusters_text_transfn(internal, text, text, double precision) RETURNS internal */
ENGAGE_FUNCTION(engage_caller_clusters_text_transfn);
Datum
engage_caller_clusters_text_transfn(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, true, true);
}

/* connected_components_transfn(internal, bigint, bigint) RETURNS internal */
ENGAGE_FUNCTION(engage_connected_components_transfn);
Datum
engage_connected_components_transfn(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, false, false);
}

/* connected_components_text_transfn(internal, text, text) RETURNS internal */
ENGAGE_FUNCTION(engage_connected_components_text_transfn);
Datum
engage_connected_components_text_transfn(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, true, false);
}

/*
 * node_pairs_combinefn(internal, internal) RETURNS internal
 *		The second state may live in another context, so it is copied.
 */
ENGAGE_FUNCTION(engage_node_pairs_combinefn);
Datum
engage_node_pairs_combinefn(PG_FUNCTION_ARGS)
{
	MemoryContext old = MemoryContextSwitchTo(aggregate_context(fcinfo));
	NodePairs *set = aggregate_state(fcinfo, 0);

	if (!PG_ARGISNULL(1))
	{
		NodePairs *other = (NodePairs *) PG_GETARG_POINTER(1);

		if (set == NULL)
			set = node_pairs_create(&engage_host, other->named, other->weighed);
		if (!node_pairs_add_all(set, other) || set->nodes > NODE_PAIRS_MAX)
			refuse_too_many();
	}
	MemoryContextSwitchTo(old);
	return aggregate_return(fcinfo, set);
}

/* Number nodes in their order, in the context of the state. */
static NodePairs *
settled_state(FunctionCallInfo fcinfo)
{
	MemoryContext old = MemoryContextSwitchTo(aggregate_context(fcinfo));
	NodePairs *set = (NodePairs *) PG_GETARG_POINTER(0);

	node_pairs_settle(set);
	MemoryContextSwitchTo(old);
	return set;
}

/* node_pairs_serialfn(internal) RETURNS bytea */
ENGAGE_FUNCTION(engage_node_pairs_serialfn);
Datum
engage_node_pairs_serialfn(PG_FUNCTION_ARGS)
{
	NodePairs *set = settled_state(fcinfo);
	size_t size = node_pairs_size(set) + VARHDRSZ;
	bytea *result;

	if (size > MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("one worker has gathered more than 1 GB of pairs"),
				 errhint("Set max_parallel_workers_per_gather to 0 for this query.")));
	result = palloc(size);
	SET_VARSIZE(result, size);
	node_pairs_encode(set, VARDATA(result));
	PG_RETURN_BYTEA_P(result);
}

/* node_pairs_deserialfn(bytea, internal) RETURNS internal */
ENGAGE_FUNCTION(engage_node_pairs_deserialfn);
Datum
engage_node_pairs_deserialfn(PG_FUNCTION_ARGS)
{
	bytea *bytes = PG_GETARG_BYTEA_PP(0);
	NodePairs *set;

	aggregate_context(fcinfo);
	set = node_pairs_decode(&engage_host, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	if (set == NULL)
		aggregate_refuse_state();
	PG_RETURN_POINTER(set);
}

/* A node as a datum, in the current context. */
static Datum
node_datum(const NodePairs *set, uint32 node)
{
	const char *name;
	size_t len;

	if (!set->named)
		return Int64GetDatum(set->number[node]);
	name = node_pairs_name_of(set, node, &len);
	return PointerGetDatum(cstring_to_text_with_len(name, (int) len));
}

/* One row per node, in order. */
static void
add_rows(const NodePairs *set, const uint32 *cluster, RowArray *rows)
{
	for (uint32 i = 0; i < set->nodes; i++)
	{
		Row row;

		row_begin(&row, 0);
		row_add(&row, node_datum(set, i));
		row_add(&row, node_datum(set, cluster[i]));
		if (!row_array_add(rows, &row))
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("the nodes and their clusters take more than 1 GB"),
					 errhint("Split the pairs over several queries, one for each group of connected_components().")));
		if (set->named)
		{
			pfree(DatumGetPointer(row.values[0]));
			pfree(DatumGetPointer(row.values[1]));
		}
	}
}

/*
 * node_pairs_finalfn(internal) RETURNS caller_cluster[]
 * node_pairs_text_finalfn(internal) RETURNS caller_cluster_text[]
 *		One row per node, in order.
 */
ENGAGE_FUNCTION(engage_node_pairs_finalfn);
Datum
engage_node_pairs_finalfn(PG_FUNCTION_ARGS)
{
	NodePairs *set;
	uint32 *cluster;
	RowArray rows;

	aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	set = settled_state(fcinfo);
	cluster = MemoryContextAllocHuge(CurrentMemoryContext, (set->nodes + (Size) 1) * sizeof(uint32));
	node_pairs_cluster(set, cluster);
	row_array_begin(fcinfo, &rows);
	add_rows(set, cluster, &rows);
	return row_array_end(&rows);
}
