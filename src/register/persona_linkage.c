/*-------------------------------------------------------------------------
 * persona_linkage.c
 *	  Linkage of the register's personas: what refresh and training need from
 *	  the core.
 *
 * Functions read the tables of the register and return rows; they write
 * nothing.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/uuid.h"

#include "core/identity/linkage.h"
#include "core/identity/linkage_train.h"
#include "engage.h"
#include "host_sql.h"
#include "register/linkage_model.h"
#include "register/persona_reader.h"
#include "toolkit/row.h"

/* ---------------------------------------------------------------- blocks */

static bool
rule_has_number(const LinkModel *model, const LinkRule *rule)
{
	for (int i = 0; i < rule->parts; i++)
		if (model->comparison[rule->part[i].comparison].kind == LINK_NUMBER)
			return true;
	return false;
}

/*
 * persona_blocks(model_id integer, persona_keys uuid[]) RETURNS SETOF record
 *		The blocks of personas; of all for NULL.  Blocks of numbers that stand
 *		for no person have no limit, as nobody is looked for in them.
 */
ENGAGE_FUNCTION(engage_persona_blocks);
Datum
engage_persona_blocks(PG_FUNCTION_ARGS)
{
	int model_id = PG_GETARG_INT32(0);
	Personas *p = personas_start(personas_model(model_id), model_id);

	InitMaterializedSRF(fcinfo, 0);
	personas_add_for_blocks(p, PG_ARGISNULL(1) ? NULL : PG_GETARG_ARRAYTYPE_P(1));
	for (uint32 i = 0; i < p->n; i++)
	{
		uint64 done[LINK_MAX_RULES];
		int n = 0;

		CHECK_FOR_INTERRUPTS();
		for (int r = 0; r < p->model->nrules; r++)
		{
			const LinkRule *rule = &p->model->rule[r];
			uint64 key = link_key(p->store, rule, i);
			bool is_new = key != 0;
			Row row;

			for (int j = 0; j < n && is_new; j++)
				is_new = done[j] != key;
			if (!is_new)
				continue;
			done[n++] = key;
			row_begin(&row, 0);
			row_add(&row, UUIDPGetDatum(&p->keys[i]));
			row_add(&row, Int64GetDatum((int64) key));
			row_add(&row, Int64GetDatum(link_rank(p->store, i)));
			if (link_number_is_shared(p->store, i) && rule_has_number(p->model, rule))
				row_add_null(&row);
			else
				row_add(&row, Int32GetDatum(link_rule_limit(p->model, rule)));
			row_put(fcinfo, &row);
		}
	}
	return (Datum) 0;
}

/* -------------------------------------------------------------- reaching */

typedef struct Reach
{
	Personas *personas;
	uint32 fresh; /* personas below that are those asked for */
	bool *reached;
} Reach;

static void
visit_reach(void *arg, uint32_t a, uint32_t b)
{
	Reach *reach = arg;
	uint32 other = Max(a, b);

	if ((a < reach->fresh) == (b < reach->fresh) || reach->reached[other])
		return;
	reach->reached[other] = link_belongs(reach->personas->store, a, b);
}

/*
 * reached_personas(model_id integer, persona_keys uuid[]) RETURNS uuid[]
 *		Other personas that belong to one component with any of these.
 */
ENGAGE_FUNCTION(engage_reached_personas);
Datum
engage_reached_personas(PG_FUNCTION_ARGS)
{
	int model_id = PG_GETARG_INT32(0);
	Personas *p = personas_start(personas_model(model_id), model_id);
	LinkKeySet large = {0};
	Reach reach;
	pg_uuid_t *found;
	uint32 n = 0;

	personas_add_of(p, PG_GETARG_ARRAYTYPE_P(1), true);
	reach.personas = p;
	reach.fresh = p->n;
	personas_load_large(&large);
	personas_add_neighbours(p, &large);
	reach.reached = palloc0(p->n + 1);
	personas_load_terms(p);
	link_drop_shared_numbers(p->store, NULL, NULL);
	link_find_pairs(p->store, &large, true, visit_reach, &reach);

	found = palloc(sizeof(pg_uuid_t) * (p->n + 1));
	for (uint32 i = reach.fresh; i < p->n; i++)
		if (reach.reached[i])
			found[n++] = p->keys[i];
	PG_RETURN_ARRAYTYPE_P(personas_uuid_array(found, n));
}

/* -------------------------------------------------------------- clusters */

/* People's decisions about the personas at hand. */
typedef struct Decisions
{
	ClusterPair *must;
	size_t nmust;
	ClusterTag *cannot;
	size_t ncannot;
} Decisions;

static int
compare_uuid(const void *a, const void *b)
{
	return memcmp(a, b, UUID_LEN);
}

#define DECIDED_PERSONAS "SELECT v.decision_id, v.is_same, v.side, v.persona_key FROM engage_internal.decided_persona v"
#define DECIDED_ORDER " ORDER BY v.decision_id, v.side, v.persona_key"

/* The decisions on personas with these keys, or all. */
static void
load_decisions(Personas *p, ArrayType *keys, Decisions *d)
{
	Oid types[1] = {UUIDARRAYOID};
	Datum values[1] = {PointerGetDatum(keys)};
	MemoryContext mine = CurrentMemoryContext;
	int32 decision = 0;
	uint32 number = 0;
	uint32 first[2] = {UINT32_MAX, UINT32_MAX};
	uint64 rows;

	SPI_connect();
	SPI_execute_with_args(keys == NULL ? DECIDED_PERSONAS DECIDED_ORDER :
										 DECIDED_PERSONAS " WHERE v.decision_id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT pg_catalog.unnest(engage_internal.decisions_about($1))))" DECIDED_ORDER,
						  keys == NULL ? 0 : 1, types, values, NULL, true, 0);
	rows = SPI_processed;
	d->must = MemoryContextAllocHuge(mine, sizeof(ClusterPair) * (rows + 1));
	d->cannot = MemoryContextAllocHuge(mine, sizeof(ClusterTag) * (rows + 1));
	for (uint64 i = 0; i < rows; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		TupleDesc desc = SPI_tuptable->tupdesc;
		bool isnull;
		int32 no = DatumGetInt32(SPI_getbinval(row, desc, 1, &isnull));
		bool is_same = DatumGetBool(SPI_getbinval(row, desc, 2, &isnull));
		int side = DatumGetInt32(SPI_getbinval(row, desc, 3, &isnull));
		pg_uuid_t *key = DatumGetUUIDP(SPI_getbinval(row, desc, 4, &isnull));
		pg_uuid_t *at = bsearch(key, p->keys, p->n, sizeof(pg_uuid_t), compare_uuid);
		uint32 other;

		if (no != decision)
		{
			decision = no;
			number++;
			first[0] = first[1] = UINT32_MAX;
		}
		if (at == NULL)
			continue;
		if (!is_same)
		{
			d->cannot[d->ncannot++] = (ClusterTag){at - p->keys, 2 * number + side};
			continue;
		}
		/* all of a side belong to one caller, and its first represents it */
		other = first[side] != UINT32_MAX ? first[side] : side == 1 ? first[0] :
																	  UINT32_MAX;
		if (first[side] == UINT32_MAX)
			first[side] = at - p->keys;
		if (other != UINT32_MAX && other != at - p->keys)
		{
			d->must[d->nmust].a = other;
			d->must[d->nmust++].b = at - p->keys;
		}
	}
	SPI_finish();
}

/* Columns of cluster_personas. */
enum
{
	OUT_PERSONA,
	OUT_COMPONENT,
	OUT_CLUSTER,
	OUT_TELLS_CALLER,
	OUT_OLD_CALLER,
	OUT_OLD_COMPONENT,
	OUT_SHARED_NUMBER,
	OUT_SHARED_NAMES,
	OUT_LINK_A,
	OUT_LINK_B,
	OUT_WEIGHT,
	OUT_SCORE,
	OUT_SIZE_A,
	OUT_SIZE_B,
	OUT_PAIRS,
	OUT_AGREEING,
	OUT_LARGE_BLOCK,
	OUT_LAST_RANK,
	OUT_COLUMNS
};

typedef struct Clustering
{
	FunctionCallInfo fcinfo;
	Personas *personas;
	uint32 *names; /* different ones behind the number of each persona, if shared */
} Clustering;

static void
put_merge(void *arg, const ClusterMerge *merge)
{
	Clustering *c = arg;
	Row row;

	row_begin(&row, OUT_COLUMNS);
	row_set(&row, OUT_LINK_A, UUIDPGetDatum(&c->personas->keys[merge->a]));
	row_set(&row, OUT_LINK_B, UUIDPGetDatum(&c->personas->keys[merge->b]));
	row_set_number(&row, OUT_WEIGHT, (double) merge->weight / MILLIBITS);
	row_set_number(&row, OUT_SCORE, merge->score / MILLIBITS);
	row_set(&row, OUT_SIZE_A, Int32GetDatum(merge->size_a));
	row_set(&row, OUT_SIZE_B, Int32GetDatum(merge->size_b));
	row_set(&row, OUT_PAIRS, Int64GetDatum(merge->pairs));
	row_set(&row, OUT_AGREEING, Int64GetDatum(merge->agreeing));
	row_put(c->fcinfo, &row);
}

static void
put_names(void *arg, uint32_t persona, uint32_t names)
{
	((Clustering *) arg)->names[persona] = names;
}

/* The number of a persona that many share. */
static Datum
shared_number_of(const Personas *p, uint32 persona)
{
	size_t len = 0;
	const char *number = NULL;

	for (int i = 0; i < p->model->fs.ncomparisons && number == NULL; i++)
		if (p->model->comparison[i].kind == LINK_NUMBER)
			number = link_value(p->store, i, persona, &len);
	return number == NULL ? (Datum) 0 : PointerGetDatum(cstring_to_text_with_len(number, len));
}

static void
put_persona(Clustering *c, uint32 i, uint32 component, uint32 cluster, bool tells_caller)
{
	Personas *p = c->personas;
	static const pg_uuid_t none;
	Datum number;
	Row row;

	row_begin(&row, OUT_COLUMNS);
	row_set(&row, OUT_PERSONA, UUIDPGetDatum(&p->keys[i]));
	row_set(&row, OUT_COMPONENT, UUIDPGetDatum(&p->keys[component]));
	row_set(&row, OUT_CLUSTER, UUIDPGetDatum(&p->keys[cluster]));
	row_set(&row, OUT_TELLS_CALLER, BoolGetDatum(tells_caller));
	if (p->callers[i] != 0)
		row_set(&row, OUT_OLD_CALLER, Int64GetDatum(p->callers[i]));
	if (memcmp(&p->components[i], &none, UUID_LEN) != 0)
		row_set(&row, OUT_OLD_COMPONENT, UUIDPGetDatum(&p->components[i]));
	if (link_number_is_shared(p->store, i) && (number = shared_number_of(p, i)) != (Datum) 0)
	{
		row_set(&row, OUT_SHARED_NUMBER, number);
		row_set(&row, OUT_SHARED_NAMES, Int32GetDatum(c->names[i]));
	}
	row_put(c->fcinfo, &row);
}

static void
put_personas(Clustering *c, const uint32_t *component, const uint32_t *cluster)
{
	uint32 n = c->personas->n;
	bool *tells = MemoryContextAllocHuge(CurrentMemoryContext, n + 1);

	/* a cluster stands for a caller if one of its personas could alone */
	memset(tells, false, n + 1);
	for (uint32 i = 0; i < n; i++)
		if (link_tells_caller(c->personas->store, i))
			tells[cluster[i]] = true;
	for (uint32 i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		put_persona(c, i, component[i], cluster[i], tells[cluster[i]]);
	}
}

static void
put_large(Clustering *c, const LinkKeySet *large)
{
	for (size_t i = 0; i < large->nslots; i++)
		if (large->slots[i] != 0)
		{
			Row row;

			row_begin(&row, OUT_COLUMNS);
			row_set(&row, OUT_LARGE_BLOCK, Int64GetDatum((int64) large->slots[i]));
			row_set(&row, OUT_LAST_RANK, Int64GetDatum(large->last[i]));
			row_put(c->fcinfo, &row);
		}
}

/*
 * cluster_personas(model_id integer, persona_keys uuid[]) RETURNS SETOF record
 *		Components and clusters of these personas, or of all for NULL.  A row
 *		for each persona; one for each merge, of the pair that showed most;
 *		and if all were asked for, one for each block that is too large.
 */
ENGAGE_FUNCTION(engage_cluster_personas);
Datum
engage_cluster_personas(PG_FUNCTION_ARGS)
{
	int model_id = PG_GETARG_INT32(0);
	bool all = PG_ARGISNULL(1);
	Personas *p = personas_start(personas_model(model_id), model_id);
	Clustering c = {fcinfo, p, NULL};
	LinkKeySet large = {0};
	Decisions decisions = {0};
	ClusterPair *pairs;
	size_t npairs;
	uint32_t *component;
	uint32_t *cluster;

	InitMaterializedSRF(fcinfo, 0);
	personas_add_of(p, all ? NULL : PG_GETARG_ARRAYTYPE_P(1), !all);
	personas_load_terms(p);
	load_decisions(p, all ? NULL : PG_GETARG_ARRAYTYPE_P(1), &decisions);
	if (!all)
		personas_load_large(&large);
	c.names = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint32) * (p->n + 1));
	memset(c.names, 0, sizeof(uint32) * (p->n + 1));
	link_drop_shared_numbers(p->store, put_names, &c);

	component = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint32_t) * (p->n + 1));
	cluster = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint32_t) * (p->n + 1));
	link_kept_pairs(p->store, &large, !all, &pairs, &npairs);
	link_cluster(p->store, pairs, npairs, decisions.must, decisions.nmust, decisions.cannot, decisions.ncannot,
				 put_merge, &c, component, cluster);
	put_personas(&c, component, cluster);
	if (all)
		put_large(&c, &large);
	return (Datum) 0;
}

static void
keep_shared(void *arg, uint32_t persona, uint32_t names)
{
	((Clustering *) arg)->names[persona] = 1;
}

/*
 * count_shared_numbers(model_id integer, numbers text[]) RETURNS text[]
 *		Those of the numbers that many different names use.
 */
ENGAGE_FUNCTION(engage_count_shared_numbers);
Datum
engage_count_shared_numbers(PG_FUNCTION_ARGS)
{
	int model_id = PG_GETARG_INT32(0);
	Personas *p = personas_start(personas_model(model_id), model_id);
	Oid types[1] = {TEXTARRAYOID};
	Datum values[1] = {PG_GETARG_DATUM(1)};
	Clustering c = {fcinfo, p, NULL};
	Datum *shared;
	int n = 0;

	personas_add(p, PERSONA_COLUMNS " WHERE p.number OPERATOR(pg_catalog.=) ANY ($1)" PERSONA_ORDER,
				 1, types, values, NULL, false);
	c.names = palloc0(sizeof(uint32) * (p->n + 1));
	link_drop_shared_numbers(p->store, keep_shared, &c);
	shared = palloc(sizeof(Datum) * (p->n + 1));
	for (uint32 i = 0; i < p->n; i++)
		if (c.names[i] > 0)
			shared[n++] = shared_number_of(p, i);
	PG_RETURN_ARRAYTYPE_P(construct_array(shared, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * linked_pairs(model_id integer) RETURNS SETOF record
 *		All pairs of personas that share a block and whose own evidence
 *		reaches the threshold.
 */
ENGAGE_FUNCTION(engage_linked_pairs);
Datum
engage_linked_pairs(PG_FUNCTION_ARGS)
{
	int model_id = PG_GETARG_INT32(0);
	Personas *p = personas_start(personas_model(model_id), model_id);
	LinkKeySet large = {0};
	ClusterPair *pairs;
	size_t npairs;

	InitMaterializedSRF(fcinfo, 0);
	personas_add_of(p, NULL, false);
	personas_load_terms(p);
	link_drop_shared_numbers(p->store, NULL, NULL);
	link_kept_pairs(p->store, &large, false, &pairs, &npairs);
	for (size_t i = 0; i < npairs; i++)
	{
		int64 weight = link_weight(p->store, pairs[i].a, pairs[i].b);
		Row row;

		CHECK_FOR_INTERRUPTS();
		if (weight >= p->model->threshold * MILLIBITS)
		{
			row_begin(&row, 0);
			row_add(&row, UUIDPGetDatum(&p->keys[pairs[i].a]));
			row_add(&row, UUIDPGetDatum(&p->keys[pairs[i].b]));
			row_add_number(&row, (double) weight / MILLIBITS);
			row_put(fcinfo, &row);
		}
	}
	return (Datum) 0;
}

/* -------------------------------------------------------------- training */

typedef struct Terms
{
	Datum *comparison;
	Datum *hash;
	Datum *people;
	int n;
	int max;
} Terms;

static void
keep_term(void *arg, int comparison, uint64_t hash, double people)
{
	Terms *terms = arg;

	if (terms->n == terms->max)
	{
		terms->max *= 2;
		terms->comparison = repalloc_huge(terms->comparison, sizeof(Datum) * terms->max);
		terms->hash = repalloc_huge(terms->hash, sizeof(Datum) * terms->max);
		terms->people = repalloc_huge(terms->people, sizeof(Datum) * terms->max);
	}
	terms->comparison[terms->n] = Int16GetDatum(comparison);
	terms->hash[terms->n] = Int64GetDatum((int64) hash);
	terms->people[terms->n++] = Float4GetDatum(people);
}

/*
 * learn_linkage(model jsonb, seed bigint) RETURNS record
 *		A model with these comparisons, learnt from all personas.
 */
ENGAGE_FUNCTION(engage_learn_linkage);
Datum
engage_learn_linkage(PG_FUNCTION_ARGS)
{
	LinkModel *model = linkage_model_read(PG_GETARG_JSONB_P(0));
	Personas *p = personas_start(model, 0);
	Terms terms = {NULL, NULL, NULL, 0, 1024};
	LinkTraining training;
	Row row;

	personas_add_of(p, NULL, false);
	if (p->n < 10)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("there are too few personas to learn from: %u", p->n),
				 errhint("Load contacts and CALL engage.refresh() first.")));
	terms.comparison = palloc(sizeof(Datum) * terms.max);
	terms.hash = palloc(sizeof(Datum) * terms.max);
	terms.people = palloc(sizeof(Datum) * terms.max);
	link_train(&engage_host, p->store, model, (uint64) PG_GETARG_INT64(1), keep_term, &terms, &training);
	row_begin(&row, 0);
	row_add(&row, linkage_model_write(model));
	row_add(&row, linkage_training_write(model, &training, p->n));
	row_add(&row, PointerGetDatum(construct_array(terms.comparison, terms.n, INT2OID, sizeof(int16), true, TYPALIGN_SHORT)));
	row_add(&row, PointerGetDatum(construct_array(terms.hash, terms.n, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE)));
	row_add(&row, PointerGetDatum(construct_array(terms.people, terms.n, FLOAT4OID, sizeof(float4), true, TYPALIGN_INT)));
	return row_return(fcinfo, &row);
}
