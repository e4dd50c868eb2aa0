/*-------------------------------------------------------------------------
 * identity.c
 *	  Linkage of the register's personas: what refresh, training and look-ups
 *	  ask of the core.
 *
 * Functions read the tables of the register through SPI, under the snapshot of
 * the statement that calls them, and return rows; they write nothing.
 * Personas are always read in order of their keys, so that whatever is decided
 * about some of them is decided the same way in any company.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/uuid.h"

#include "engage.h"
#include "host_sql.h"
#include "linkage.h"
#include "linkage_model.h"
#include "linkage_train.h"

ENGAGE_FUNCTION(engage_persona_blocks);
ENGAGE_FUNCTION(engage_reached_personas);
ENGAGE_FUNCTION(engage_cluster_personas);
ENGAGE_FUNCTION(engage_learn_linkage);
ENGAGE_FUNCTION(engage_compare_personas);
ENGAGE_FUNCTION(engage_identify_personas);

#define FETCH_ROWS 10000

/* Columns of PERSONA_COLUMNS. */
#define COLUMN_KEY 1
#define COLUMN_OWN_NUMBER 2
#define COLUMN_SHARED_NUMBER 3
#define COLUMN_CALLER 4
#define COLUMN_COMPONENT 5
#define COLUMN_DETAILS 6

/*
 * A persona as the core is to see it: numbers that stand for no person are left
 * out.  The columns from the seventh on are the details that have a column.
 */
#define PERSONA_START \
	"SELECT p.persona_key, COALESCE(k.sharing OPERATOR(pg_catalog.=) 'personal', false) AS own_number,"
#define STANDS_FOR_NOBODY \
	" k.sharing OPERATOR(pg_catalog.=) ANY ('{communal,payphone,organisation}'::engage.number_sharing[])"
#define PERSONA_END \
	" AS number, p.given_name, p.family_name, p.date_of_birth, p.address, p.postcode, p.email, p.imei, p.nominal_ref" \
	" FROM engage.persona p LEFT JOIN engage.known_number k ON k.number OPERATOR(pg_catalog.=) p.number"
#define PERSONA_COLUMNS \
	PERSONA_START \
	" EXISTS (SELECT FROM engage.shared_number s WHERE s.number OPERATOR(pg_catalog.=) p.number) AS shared_number," \
	" p.caller_id, p.component, p.details, CASE WHEN" STANDS_FOR_NOBODY " THEN NULL ELSE p.number END" PERSONA_END

/* The same with every number; shared_number says which of them stand for no person. */
#define BLOCK_COLUMNS \
	PERSONA_START " COALESCE(" STANDS_FOR_NOBODY ", false) AS shared_number, p.caller_id, p.component, p.details," \
				  " p.number" PERSONA_END
#define PERSONA_ORDER " ORDER BY p.persona_key"

/* Where the model's details are to be found in a row. */
typedef struct DetailSource
{
	int column; /* of the row, or 0 */
	bool is_date;
	char *key; /* in its jsonb, or NULL */
} DetailSource;

/* Personas at work. */
typedef struct Personas
{
	LinkModel *model;
	int model_id;
	LinkStore *store;
	DetailSource source[FS_MAX_COMPARISONS];
	bool has_sources;
	pg_uuid_t *keys;
	int64 *callers; /* 0 for none */
	pg_uuid_t *components; /* zeros for none */
	uint32 n;
	uint32 max;
} Personas;

/* ----------------------------------------------------------------- loading */

static LinkModel *
load_model(int model_id)
{
	Oid types[1] = {INT4OID};
	Datum values[1] = {Int32GetDatum(model_id)};
	MemoryContext caller = CurrentMemoryContext;
	LinkModel *model;
	bool isnull;
	Datum json;

	SPI_connect();
	SPI_execute_with_args("SELECT m.model FROM engage.linkage_model m WHERE m.model_id OPERATOR(pg_catalog.=) $1",
						  1, types, values, NULL, true, 1);
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("there is no linkage model %d", model_id),
				 errhint("SELECT model_id FROM engage.linkage_model lists them; engage.setup() makes the first.")));
	json = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	json = PointerGetDatum(PG_DETOAST_DATUM_COPY(json));
	MemoryContextSwitchTo(caller);
	model = linkage_model_read(DatumGetJsonbP(json));
	SPI_finish();
	return model;
}

static Personas *
start_personas(LinkModel *model, int model_id)
{
	Personas *p = palloc0(sizeof(Personas));

	p->model = model;
	p->model_id = model_id;
	p->store = link_store_create(&engage_host, model);
	p->max = 64;
	p->keys = palloc(p->max * sizeof(pg_uuid_t));
	p->callers = palloc(p->max * sizeof(int64));
	p->components = palloc(p->max * sizeof(pg_uuid_t));
	return p;
}

static void
find_sources(Personas *p, TupleDesc desc)
{
	for (int i = 0; i < p->model->fs.ncomparisons; i++)
	{
		DetailSource *source = &p->source[i];
		char *name = p->model->comparison[i].name;

		if (strncmp(name, "details.", 8) == 0)
		{
			source->key = name + 8;
			continue;
		}
		for (int c = COLUMN_DETAILS; c < desc->natts; c++)
			if (strcmp(NameStr(TupleDescAttr(desc, c)->attname), name) == 0)
				source->column = c + 1;
		if (source->column == 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("personas have no detail \"%s\"", name),
					 errhint("Details of contacts beyond the columns of persona are called details.KEY.")));
		source->is_date = TupleDescAttr(desc, source->column - 1)->atttypid == DATEOID;
	}
	p->has_sources = true;
}

/* A text of a date that the core reads: YYYYMMDD. */
static LinkText
text_of_date(DateADT date)
{
	LinkText found = {NULL, 0};
	int year;
	int month;
	int day;

	if (DATE_NOT_FINITE(date))
		return found;
	j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	if (year < 1 || year > 9999)
		return found;
	found.bytes = psprintf("%04d%02d%02d", year, month, day);
	found.len = 8;
	return found;
}

static LinkText
text_of_key(Datum details, const char *key)
{
	LinkText found = {NULL, 0};
	Jsonb *json = DatumGetJsonbP(details);
	JsonbValue name;
	JsonbValue *value;

	if (!JB_ROOT_IS_OBJECT(json))
		return found;
	name.type = jbvString;
	name.val.string.val = unconstify(char *, key);
	name.val.string.len = strlen(key);
	value = findJsonbValueFromContainer(&json->root, JB_FOBJECT, &name);
	if (value != NULL && value->type == jbvString)
	{
		found.bytes = value->val.string.val;
		found.len = value->val.string.len;
	}
	else if (value != NULL && value->type == jbvNumeric)
	{
		char *digits = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));

		found.bytes = digits;
		found.len = strlen(digits);
	}
	return found;
}

static LinkText
detail_of_row(const DetailSource *source, HeapTuple row, TupleDesc desc)
{
	LinkText found = {NULL, 0};
	bool isnull;
	Datum value = SPI_getbinval(row, desc, source->key != NULL ? COLUMN_DETAILS : source->column, &isnull);
	text *detail;

	if (isnull)
		return found;
	if (source->key != NULL)
		return text_of_key(value, source->key);
	if (source->is_date)
		return text_of_date(DatumGetDateADT(value));
	detail = DatumGetTextPP(value);
	found.bytes = VARDATA_ANY(detail);
	found.len = VARSIZE_ANY_EXHDR(detail);
	return found;
}

/* A persona's place in the order of hubs. */
static int64
rank_of(const pg_uuid_t *key)
{
	return (int64) link_hash((const char *) key->data, UUID_LEN);
}

/* Add a row's persona; what is kept of it goes to the memory context given. */
static void
add_row(Personas *p, HeapTuple row, TupleDesc desc, bool heed_shared, MemoryContext mine)
{
	LinkText details[FS_MAX_COMPARISONS];
	bool isnull;
	bool is_new;
	pg_uuid_t *key = DatumGetUUIDP(SPI_getbinval(row, desc, COLUMN_KEY, &isnull));
	bool own = DatumGetBool(SPI_getbinval(row, desc, COLUMN_OWN_NUMBER, &isnull));
	bool shared = DatumGetBool(SPI_getbinval(row, desc, COLUMN_SHARED_NUMBER, &isnull));
	Datum caller = SPI_getbinval(row, desc, COLUMN_CALLER, &isnull);
	Datum component = SPI_getbinval(row, desc, COLUMN_COMPONENT, &is_new);
	MemoryContext scratch;

	if (!p->has_sources)
		find_sources(p, desc);
	for (int i = 0; i < p->model->fs.ncomparisons; i++)
		details[i] = detail_of_row(&p->source[i], row, desc);
	scratch = MemoryContextSwitchTo(mine);
	if (p->n == p->max)
	{
		p->max *= 2;
		p->keys = repalloc_huge(p->keys, p->max * sizeof(pg_uuid_t));
		p->callers = repalloc_huge(p->callers, p->max * sizeof(int64));
		p->components = repalloc_huge(p->components, p->max * sizeof(pg_uuid_t));
	}
	p->keys[p->n] = *key;
	p->callers[p->n] = isnull ? 0 : DatumGetInt64(caller);
	if (is_new)
		memset(&p->components[p->n], 0, sizeof(pg_uuid_t));
	else
		p->components[p->n] = *DatumGetUUIDP(component);
	link_store_add(p->store, details, rank_of(key), own);
	if (shared && heed_shared && !own)
		link_mark_shared_number(p->store, p->n);
	p->n++;
	MemoryContextSwitchTo(scratch);
}

/*
 * Add the personas of a query that starts with PERSONA_COLUMNS.  heed_shared:
 * numbers that were found to be shared are.
 */
static void
add_personas(Personas *p, const char *query, int nargs, Oid *types, Datum *values, const char *nulls, bool heed_shared)
{
	MemoryContext mine = CurrentMemoryContext;
	MemoryContext scratch = AllocSetContextCreate(mine, "engage persona rows", ALLOCSET_DEFAULT_SIZES);
	Portal portal;

	SPI_connect();
	portal = SPI_cursor_open_with_args(NULL, query, nargs, types, values, nulls, true, 0);
	for (;;)
	{
		MemoryContext spi;

		SPI_cursor_fetch(portal, true, FETCH_ROWS);
		if (SPI_processed == 0)
			break;
		spi = MemoryContextSwitchTo(scratch);
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			add_row(p, SPI_tuptable->vals[i], SPI_tuptable->tupdesc, heed_shared, mine);
			MemoryContextReset(scratch);
		}
		MemoryContextSwitchTo(spi);
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_cursor_close(portal);
	SPI_finish();
	MemoryContextDelete(scratch);
}

/* The personas with these keys, or all. */
static void
add_personas_of(Personas *p, ArrayType *keys, bool heed_shared)
{
	Oid types[1] = {UUIDARRAYOID};
	Datum values[1] = {PointerGetDatum(keys)};

	if (keys == NULL)
		add_personas(p, PERSONA_COLUMNS PERSONA_ORDER, 0, NULL, NULL, NULL, heed_shared);
	else
		add_personas(p, PERSONA_COLUMNS " WHERE p.persona_key OPERATOR(pg_catalog.=) ANY ($1)" PERSONA_ORDER,
					 1, types, values, NULL, heed_shared);
}

/* The same for their blocks, which do not depend on what is known of numbers. */
static void
add_personas_for_blocks(Personas *p, ArrayType *keys)
{
	Oid types[1] = {UUIDARRAYOID};
	Datum values[1] = {PointerGetDatum(keys)};

	if (keys == NULL)
		add_personas(p, BLOCK_COLUMNS PERSONA_ORDER, 0, NULL, NULL, NULL, true);
	else
		add_personas(p, BLOCK_COLUMNS " WHERE p.persona_key OPERATOR(pg_catalog.=) ANY ($1)" PERSONA_ORDER,
					 1, types, values, NULL, true);
}

/* ------------------------------------------------------------------ terms */

/* More personas than that need so many terms that all are read. */
#define FEW_PERSONAS 20000

static ArrayType *
hashes_of_values(Personas *p)
{
	Datum *hash = palloc(sizeof(Datum) * (p->n + 1) * p->model->fs.ncomparisons);
	int n = 0;

	for (int i = 0; i < p->model->fs.ncomparisons; i++)
		for (uint32 v = 0; v < link_value_count(p->store, i) && p->model->comparison[i].by_term; v++)
			hash[n++] = Int64GetDatum((int64) link_value_id_hash(p->store, i, v));
	return construct_array(hash, n, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}

/* Tell the store how many people have each value, and have it weigh them. */
static void
load_terms(Personas *p)
{
	bool few = p->n <= FEW_PERSONAS;
	Oid types[2] = {INT4OID, INT8ARRAYOID};
	Datum values[2] = {Int32GetDatum(p->model_id), 0};
	MemoryContext mine = CurrentMemoryContext;
	Portal portal;

	if (few)
		values[1] = PointerGetDatum(hashes_of_values(p));
	SPI_connect();
	portal = SPI_cursor_open_with_args(NULL, few ? "SELECT t.comparison, t.value_hash, t.people FROM engage.linkage_term t"
												   " WHERE t.model_id OPERATOR(pg_catalog.=) $1 AND t.value_hash OPERATOR(pg_catalog.=) ANY ($2)" :
												   "SELECT t.comparison, t.value_hash, t.people FROM engage.linkage_term t"
												   " WHERE t.model_id OPERATOR(pg_catalog.=) $1",
									   few ? 2 : 1, types, values, NULL, true, 0);
	for (;;)
	{
		SPI_cursor_fetch(portal, true, FETCH_ROWS);
		if (SPI_processed == 0)
			break;
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			HeapTuple row = SPI_tuptable->vals[i];
			TupleDesc desc = SPI_tuptable->tupdesc;
			bool isnull;
			int comparison = DatumGetInt16(SPI_getbinval(row, desc, 1, &isnull));

			if (comparison >= 0 && comparison < p->model->fs.ncomparisons)
				link_set_term(p->store, comparison, (uint64) DatumGetInt64(SPI_getbinval(row, desc, 2, &isnull)),
							  DatumGetFloat4(SPI_getbinval(row, desc, 3, &isnull)));
		}
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_cursor_close(portal);
	SPI_finish();
	MemoryContextSwitchTo(mine);
	link_set_weights(p->store);
}

/* ----------------------------------------------------------------- blocks */

/* The blocks that are too large, and their last hubs. */
static void
load_large(LinkKeySet *large)
{
	MemoryContext mine = CurrentMemoryContext;

	SPI_connect();
	SPI_execute("SELECT b.block_key, b.last_rank FROM engage.block_large b", true, 0);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		bool isnull;
		uint64 key = DatumGetInt64(SPI_getbinval(row, SPI_tuptable->tupdesc, 1, &isnull));
		int64 last = DatumGetInt64(SPI_getbinval(row, SPI_tuptable->tupdesc, 2, &isnull));
		MemoryContext spi = MemoryContextSwitchTo(mine);

		link_keyset_add(&engage_host, large, key, last);
		MemoryContextSwitchTo(spi);
	}
	SPI_finish();
}

static void
put_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static bool
rule_has_number(const LinkModel *model, const LinkRule *rule)
{
	for (int i = 0; i < rule->parts; i++)
		if (model->comparison[rule->part[i].comparison].kind == LINK_NUMBER)
			return true;
	return false;
}

/*
 * persona_blocks(model_id integer, persona_keys uuid[],
 *				  OUT persona_key uuid, OUT block_key bigint, OUT rank bigint, OUT block_limit integer)
 *		The blocks of personas; of all for NULL.  Blocks of numbers that stand
 *		for no person have no limit, as nobody is looked for in them.
 */
Datum
engage_persona_blocks(PG_FUNCTION_ARGS)
{
	int model_id = PG_GETARG_INT32(0);
	Personas *p = start_personas(load_model(model_id), model_id);

	InitMaterializedSRF(fcinfo, 0);
	add_personas_for_blocks(p, PG_ARGISNULL(1) ? NULL : PG_GETARG_ARRAYTYPE_P(1));
	for (uint32 i = 0; i < p->n; i++)
	{
		uint64 done[LINK_MAX_RULES];
		int n = 0;

		CHECK_FOR_INTERRUPTS();
		for (int r = 0; r < p->model->nrules; r++)
		{
			const LinkRule *rule = &p->model->rule[r];
			uint64 key = link_key(p->store, rule, i);
			Datum values[4] = {UUIDPGetDatum(&p->keys[i]), Int64GetDatum((int64) key), Int64GetDatum(link_rank(p->store, i)),
							   Int32GetDatum(link_rule_limit(p->model, rule))};
			bool nulls[4] = {false, false, false, link_number_is_shared(p->store, i) && rule_has_number(p->model, rule)};
			bool is_new = key != 0;

			for (int j = 0; j < n && is_new; j++)
				is_new = done[j] != key;
			if (!is_new)
				continue;
			done[n++] = key;
			put_row(fcinfo, values, nulls);
		}
	}
	return (Datum) 0;
}

static ArrayType *
uuid_array(pg_uuid_t *keys, uint32 n)
{
	Datum *key = palloc(sizeof(Datum) * (n + 1));

	for (uint32 i = 0; i < n; i++)
		key[i] = UUIDPGetDatum(&keys[i]);
	return construct_array(key, n, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR);
}

/* The blocks of the personas at hand: those with whom all of a block is met, or its hubs. */
static ArrayType *
blocks_array(Personas *p, const LinkKeySet *large, bool all_of_block)
{
	Datum *key = palloc(sizeof(Datum) * ((Size) p->n * LINK_MAX_RULES + 1));
	int nkeys = 0;

	for (uint32 i = 0; i < p->n; i++)
	{
		uint64 keys[LINK_MAX_RULES];
		size_t of_one = link_keys(p->store, i, keys);

		for (size_t k = 0; k < of_one; k++)
		{
			int64 last;
			bool hubs_only = link_keyset_find(large, keys[k], &last) && link_rank(p->store, i) > last;

			if (hubs_only != all_of_block)
				key[nkeys++] = Int64GetDatum((int64) keys[k]);
		}
	}
	return construct_array(key, nkeys, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}

/* Add the personas that a block brings together with those that are there, but for these. */
static void
add_neighbours(Personas *p, const LinkKeySet *large)
{
	Oid types[3] = {INT8ARRAYOID, INT8ARRAYOID, UUIDARRAYOID};
	Datum values[3] = {PointerGetDatum(blocks_array(p, large, true)), PointerGetDatum(blocks_array(p, large, false)),
					   PointerGetDatum(uuid_array(p->keys, p->n))};

	add_personas(p, PERSONA_COLUMNS " WHERE p.persona_key OPERATOR(pg_catalog.=) ANY (ARRAY("
									"SELECT b.persona_key FROM (SELECT DISTINCT k FROM pg_catalog.unnest($1) k) x,"
									" LATERAL (SELECT y.persona_key FROM engage.persona_block y WHERE y.block_key OPERATOR(pg_catalog.=) x.k OFFSET 0) b"
									" UNION SELECT b.persona_key FROM (SELECT DISTINCT k FROM pg_catalog.unnest($2) k) x"
									" JOIN engage.block_large l ON l.block_key OPERATOR(pg_catalog.=) x.k,"
									" LATERAL (SELECT y.persona_key FROM engage.persona_block y WHERE y.block_key OPERATOR(pg_catalog.=) x.k"
									" AND y.rank OPERATOR(pg_catalog.<=) l.last_rank OFFSET 0) b"
									" EXCEPT SELECT pg_catalog.unnest($3)))" PERSONA_ORDER,
				 3, types, values, NULL, true);
}

/* ---------------------------------------------------------------- reaching */

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
 * reached_personas(model_id integer, persona_keys uuid[]) returns uuid[]
 *		Other personas that belong to one component with any of these.
 */
Datum
engage_reached_personas(PG_FUNCTION_ARGS)
{
	int model_id = PG_GETARG_INT32(0);
	Personas *p = start_personas(load_model(model_id), model_id);
	LinkKeySet large = {0};
	Reach reach;
	pg_uuid_t *found;
	uint32 n = 0;

	add_personas_of(p, PG_GETARG_ARRAYTYPE_P(1), true);
	reach.personas = p;
	reach.fresh = p->n;
	load_large(&large);
	add_neighbours(p, &large);
	reach.reached = palloc0(p->n + 1);
	load_terms(p);
	link_drop_shared_numbers(p->store, NULL, NULL);
	link_find_pairs(p->store, &large, true, visit_reach, &reach);

	found = palloc(sizeof(pg_uuid_t) * (p->n + 1));
	for (uint32 i = reach.fresh; i < p->n; i++)
		if (reach.reached[i])
			found[n++] = p->keys[i];
	PG_RETURN_ARRAYTYPE_P(uuid_array(found, n));
}

/* --------------------------------------------------------------- clusters */

/* What people decided of the personas at hand. */
typedef struct Decisions
{
	ClusterPair *must;
	size_t nmust;
	ClusterPair *cannot;
	size_t ncannot;
} Decisions;

static int
compare_uuid(const void *a, const void *b)
{
	return memcmp(a, b, UUID_LEN);
}

static void
load_decisions(Personas *p, Decisions *d)
{
	MemoryContext mine = CurrentMemoryContext;
	int32 decision = 0;
	uint32 number = 0;
	uint32 first[2] = {UINT32_MAX, UINT32_MAX};
	uint64 rows;

	SPI_connect();
	SPI_execute("SELECT v.decision_no, v.is_same, v.side, v.persona_key FROM engage.decided_persona v"
				" ORDER BY v.decision_no, v.side, v.persona_key",
				true, 0);
	rows = SPI_processed;
	d->must = MemoryContextAllocHuge(mine, sizeof(ClusterPair) * (rows + 1));
	d->cannot = MemoryContextAllocHuge(mine, sizeof(ClusterPair) * (rows + 1));
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
			d->cannot[d->ncannot].a = at - p->keys;
			d->cannot[d->ncannot++].b = 2 * number + side;
			continue;
		}
		if (first[side] != UINT32_MAX)
			continue;
		first[side] = at - p->keys;
		if (side == 1 && first[0] != UINT32_MAX && first[0] != first[1])
		{
			d->must[d->nmust].a = first[0];
			d->must[d->nmust++].b = first[1];
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
put_columns(FunctionCallInfo fcinfo, const Datum *values, int from, int to)
{
	Datum row[OUT_COLUMNS];
	bool nulls[OUT_COLUMNS];

	for (int i = 0; i < OUT_COLUMNS; i++)
	{
		nulls[i] = i < from || i > to;
		row[i] = nulls[i] ? (Datum) 0 : values[i];
	}
	put_row(fcinfo, row, nulls);
}

static void
put_merge(void *arg, const ClusterMerge *merge)
{
	Clustering *c = arg;
	Datum values[OUT_COLUMNS];

	values[OUT_LINK_A] = UUIDPGetDatum(&c->personas->keys[merge->a]);
	values[OUT_LINK_B] = UUIDPGetDatum(&c->personas->keys[merge->b]);
	values[OUT_WEIGHT] = Float8GetDatum((double) merge->weight / MILLIBITS);
	values[OUT_SCORE] = Float8GetDatum(merge->score / MILLIBITS);
	values[OUT_SIZE_A] = Int32GetDatum(merge->size_a);
	values[OUT_SIZE_B] = Int32GetDatum(merge->size_b);
	values[OUT_PAIRS] = Int64GetDatum(merge->pairs);
	values[OUT_AGREEING] = Int64GetDatum(merge->agreeing);
	put_columns(c->fcinfo, values, OUT_LINK_A, OUT_AGREEING);
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
	size_t len;
	const char *number = NULL;

	for (int i = 0; i < p->model->fs.ncomparisons && number == NULL; i++)
		if (p->model->comparison[i].kind == LINK_NUMBER)
			number = link_value(p->store, i, persona, &len);
	return PointerGetDatum(cstring_to_text_with_len(number, len));
}

static void
put_persona(Clustering *c, uint32 i, uint32 component, uint32 cluster, uint32 size)
{
	Personas *p = c->personas;
	static const pg_uuid_t none;
	Datum values[OUT_COLUMNS];
	bool nulls[OUT_COLUMNS];

	memset(nulls, true, sizeof(nulls));
	for (int column = OUT_PERSONA; column <= OUT_TELLS_CALLER; column++)
		nulls[column] = false;
	values[OUT_PERSONA] = UUIDPGetDatum(&p->keys[i]);
	values[OUT_COMPONENT] = UUIDPGetDatum(&p->keys[component]);
	values[OUT_CLUSTER] = UUIDPGetDatum(&p->keys[cluster]);
	values[OUT_TELLS_CALLER] = BoolGetDatum(size > 1 || link_tells_caller(p->store, i));
	values[OUT_OLD_CALLER] = Int64GetDatum(p->callers[i]);
	nulls[OUT_OLD_CALLER] = p->callers[i] == 0;
	values[OUT_OLD_COMPONENT] = UUIDPGetDatum(&p->components[i]);
	nulls[OUT_OLD_COMPONENT] = memcmp(&p->components[i], &none, UUID_LEN) == 0;
	if (link_number_is_shared(p->store, i))
	{
		nulls[OUT_SHARED_NUMBER] = nulls[OUT_SHARED_NAMES] = false;
		values[OUT_SHARED_NUMBER] = shared_number_of(p, i);
		values[OUT_SHARED_NAMES] = Int32GetDatum(c->names[i]);
	}
	put_row(c->fcinfo, values, nulls);
}

static void
put_personas(Clustering *c, const uint32_t *component, const uint32_t *cluster)
{
	uint32 n = c->personas->n;
	uint32 *size = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint32) * (n + 1));

	memset(size, 0, sizeof(uint32) * (n + 1));
	for (uint32 i = 0; i < n; i++)
		size[cluster[i]]++;
	for (uint32 i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		put_persona(c, i, component[i], cluster[i], size[cluster[i]]);
	}
}

static void
put_large(Clustering *c, const LinkKeySet *large)
{
	Datum values[OUT_COLUMNS];

	for (size_t i = 0; i < large->nslots; i++)
		if (large->slots[i] != 0)
		{
			values[OUT_LARGE_BLOCK] = Int64GetDatum((int64) large->slots[i]);
			values[OUT_LAST_RANK] = Int64GetDatum(large->last[i]);
			put_columns(c->fcinfo, values, OUT_LARGE_BLOCK, OUT_LAST_RANK);
		}
}

/*
 * cluster_personas(model_id integer, persona_keys uuid[], OUT ...)
 *		Components and clusters of these personas, or of all for NULL.  A row
 *		for each persona; one for each merge, of the pair that showed most; and
 *		if all were asked for, one for each block that is too large.
 */
Datum
engage_cluster_personas(PG_FUNCTION_ARGS)
{
	int model_id = PG_GETARG_INT32(0);
	bool all = PG_ARGISNULL(1);
	Personas *p = start_personas(load_model(model_id), model_id);
	Clustering c = {fcinfo, p, NULL};
	LinkKeySet large = {0};
	Decisions decisions = {0};
	ClusterPair *pairs;
	size_t npairs;
	uint32_t *component;
	uint32_t *cluster;

	InitMaterializedSRF(fcinfo, 0);
	add_personas_of(p, all ? NULL : PG_GETARG_ARRAYTYPE_P(1), !all);
	load_terms(p);
	load_decisions(p, &decisions);
	if (!all)
		load_large(&large);
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

/* --------------------------------------------------------------- training */

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
 * learn_linkage(model jsonb, seed bigint, OUT learnt jsonb, OUT report jsonb,
 *				 OUT comparison smallint[], OUT value_hash bigint[], OUT people real[])
 *		A model with these comparisons, learnt from all personas.
 */
Datum
engage_learn_linkage(PG_FUNCTION_ARGS)
{
	LinkModel *model = linkage_model_read(PG_GETARG_JSONB_P(0));
	Personas *p = start_personas(model, 0);
	Terms terms = {NULL, NULL, NULL, 0, 1024};
	LinkTraining training;
	Datum values[5];
	bool nulls[5] = {false, false, false, false, false};
	TupleDesc desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "function called where a row cannot be returned");
	add_personas_of(p, NULL, false);
	if (p->n < 10)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("there are too few personas to learn from: %u", p->n),
				 errhint("Load contacts and CALL engage.refresh() first.")));
	terms.comparison = palloc(sizeof(Datum) * terms.max);
	terms.hash = palloc(sizeof(Datum) * terms.max);
	terms.people = palloc(sizeof(Datum) * terms.max);
	link_train(&engage_host, p->store, model, (uint64) PG_GETARG_INT64(1), keep_term, &terms, &training);
	values[0] = linkage_model_write(model);
	values[1] = linkage_training_write(model, &training, p->n);
	values[2] = PointerGetDatum(construct_array(terms.comparison, terms.n, INT2OID, sizeof(int16), true, TYPALIGN_SHORT));
	values[3] = PointerGetDatum(construct_array(terms.hash, terms.n, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	values[4] = PointerGetDatum(construct_array(terms.people, terms.n, FLOAT4OID, sizeof(float4), true, TYPALIGN_INT));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/* ------------------------------------------------------------- explaining */

static void
put_weight(FunctionCallInfo fcinfo, const char *detail, const char *level, int64 weight, int64 *running)
{
	Datum values[4];
	bool nulls[4] = {false, level == NULL, false, false};

	*running += weight;
	values[0] = CStringGetTextDatum(detail);
	values[1] = level == NULL ? (Datum) 0 : CStringGetTextDatum(level);
	values[2] = Float8GetDatum((double) weight / MILLIBITS);
	values[3] = Float8GetDatum((double) *running / MILLIBITS);
	put_row(fcinfo, values, nulls);
}

/*
 * compare_personas(model_id integer, a uuid, b uuid,
 *					OUT detail text, OUT level text, OUT weight float8, OUT running float8)
 *		What makes two personas one person, or not, in bits; the prior first.
 */
Datum
engage_compare_personas(PG_FUNCTION_ARGS)
{
	int model_id = PG_GETARG_INT32(0);
	Personas *p = start_personas(load_model(model_id), model_id);
	pg_uuid_t pair[2] = {*PG_GETARG_UUID_P(1), *PG_GETARG_UUID_P(2)};
	ClusterEvidence evidence;
	signed char level[FS_MAX_COMPARISONS];
	int64 running = 0;
	bool swapped;

	InitMaterializedSRF(fcinfo, 0);
	add_personas_of(p, uuid_array(pair, 2), true);
	if (p->n != 2)
		return (Datum) 0;
	load_terms(p);
	swapped = link_evidence(p->store, 0, 1, &evidence, level);
	put_weight(fcinfo, "prior", NULL, link_prior(p->model), &running);
	for (int i = 0; i < p->model->fs.ncomparisons; i++)
	{
		const LinkComparison *c = &p->model->comparison[i];
		bool is_name = c->role == LINK_GIVEN_NAME || c->role == LINK_FAMILY_NAME;

		if (evidence.present >> i & 1)
			put_weight(fcinfo, c->name, swapped && is_name ? "names exchanged" : link_level_name(c->kind, level[i]),
					   evidence.weight[i], &running);
	}
	if (evidence.adjustment != 0)
		put_weight(fcinfo, "household", "may share this", evidence.adjustment, &running);
	return (Datum) 0;
}

/* ------------------------------------------------------------- identifying */

/* What is known of who is to be identified, as a row of PERSONA_COLUMNS. */
#define UNKNOWN_PERSON \
	"SELECT '00000000-0000-0000-0000-000000000000'::pg_catalog.uuid AS persona_key, false AS own_number, EXISTS (SELECT FROM engage.shared_number s" \
	" WHERE s.number OPERATOR(pg_catalog.=) $1) AS shared_number, NULL::pg_catalog.int8 AS caller_id, NULL::pg_catalog.uuid AS component, $10 AS details," \
	" CASE WHEN EXISTS (SELECT FROM engage.known_number k WHERE k.number OPERATOR(pg_catalog.=) $1" \
	" AND k.sharing OPERATOR(pg_catalog.=) ANY ('{communal,payphone,organisation}'::engage.number_sharing[])) THEN NULL ELSE $1 END AS number," \
	" $2 AS given_name, $3 AS family_name, $4 AS date_of_birth, $5 AS address, $6 AS postcode, $7 AS email, $8 AS imei, $9 AS nominal_ref"

typedef struct Suspect
{
	int64 caller;
	uint32 personas;
	double score;
	double household;
	ClusterSums sums;
} Suspect;

static int
compare_suspects(const void *a, const void *b)
{
	const Suspect *x = a;
	const Suspect *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return x->caller < y->caller ? -1 : x->caller > y->caller;
}

static int
compare_callers(const void *a, const void *b)
{
	const Suspect *x = a;
	const Suspect *y = b;

	return x->caller < y->caller ? -1 : x->caller > y->caller;
}

/* Evidence for each caller, from those of the caller's personas that are there. */
static uint32
sum_up_suspects(Personas *p, Suspect *suspects)
{
	uint32 n = 0;
	uint32 kept = 0;

	for (uint32 i = 1; i < p->n; i++)
	{
		ClusterEvidence evidence;
		Suspect *s;

		if (p->callers[i] == 0)
			continue;
		s = &suspects[n++];
		memset(s, 0, sizeof(Suspect));
		s->caller = p->callers[i];
		s->personas = 1;
		link_evidence(p->store, 0, i, &evidence, NULL);
		for (int c = 0; c < p->model->fs.ncomparisons; c++)
			if (evidence.present >> c & 1)
			{
				s->sums.weight[c] = evidence.weight[c];
				s->sums.best[c] = Max(evidence.weight[c], 0);
				s->sums.count[c] = 1;
			}
	}
	qsort(suspects, n, sizeof(Suspect), compare_callers);
	for (uint32 i = 0; i < n; i++)
	{
		Suspect *into = kept > 0 && suspects[kept - 1].caller == suspects[i].caller ? &suspects[kept - 1] : NULL;

		if (into == NULL)
		{
			suspects[kept++] = suspects[i];
			continue;
		}
		into->personas++;
		for (int c = 0; c < p->model->fs.ncomparisons; c++)
		{
			into->sums.weight[c] += suspects[i].sums.weight[c];
			into->sums.best[c] = Max(into->sums.best[c], suspects[i].sums.best[c]);
			into->sums.count[c] += suspects[i].sums.count[c];
		}
	}
	for (uint32 i = 0; i < kept; i++)
		suspects[i].score = link_judge(p->model, &suspects[i].sums, &suspects[i].household) / MILLIBITS;
	qsort(suspects, kept, sizeof(Suspect), compare_suspects);
	return kept;
}

/* What speaks for a caller and what against, strongest first, as text. */
static Datum
reasons_for(const LinkModel *model, const Suspect *s)
{
	Datum reason[FS_MAX_COMPARISONS + 1];
	double weight[FS_MAX_COMPARISONS];
	int order[FS_MAX_COMPARISONS];
	int n = 0;
	int reasons = 0;

	for (int c = 0; c < model->fs.ncomparisons; c++)
		if (s->sums.count[c] > 0)
		{
			int at = n++;

			weight[c] = (double) s->sums.weight[c] / s->sums.count[c] / MILLIBITS;
			for (; at > 0 && fabs(weight[order[at - 1]]) < fabs(weight[c]); at--)
				order[at] = order[at - 1];
			order[at] = c;
		}
	for (int i = 0; i < n; i++)
		reason[reasons++] = CStringGetTextDatum(psprintf("%s %s (%+.1f)", model->comparison[order[i]].name,
														 weight[order[i]] >= 0 ? "agrees" : "differs", weight[order[i]]));
	if (s->household < -MILLIBITS)
		reason[reasons++] = CStringGetTextDatum(psprintf("a household may share this (%+.1f)", s->household / MILLIBITS));
	return PointerGetDatum(construct_array(reason, reasons, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * identify_personas(model_id integer, number text, given_name text, family_name
 *		text, date_of_birth date, address text, postcode text, email text, imei
 *		text, nominal_ref text, details jsonb, OUT caller_id bigint, OUT score
 *		float8, OUT probability float8, OUT personas integer, OUT reasons text[])
 *		Callers who may be this person, likeliest first.  Probabilities are
 *		those of exactly one of them, or somebody else, being it.
 */
Datum
engage_identify_personas(PG_FUNCTION_ARGS)
{
	Oid types[10] = {TEXTOID, TEXTOID, TEXTOID, DATEOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, JSONBOID};
	Datum values[10];
	char nulls[10];
	int model_id;
	Personas *p;
	LinkKeySet large = {0};
	Suspect *suspects;
	uint32 n;
	double odds = 1;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	model_id = PG_GETARG_INT32(0);
	for (int i = 0; i < 10; i++)
	{
		values[i] = PG_ARGISNULL(i + 1) ? (Datum) 0 : PG_GETARG_DATUM(i + 1);
		nulls[i] = PG_ARGISNULL(i + 1) ? 'n' : ' ';
	}
	p = start_personas(load_model(model_id), model_id);
	add_personas(p, UNKNOWN_PERSON, 10, types, values, nulls, true);
	load_large(&large);
	add_neighbours(p, &large);
	load_terms(p);
	suspects = palloc(sizeof(Suspect) * (p->n + 1));
	n = sum_up_suspects(p, suspects);
	for (uint32 i = 0; i < n; i++)
		odds += exp2(suspects[i].score);
	for (uint32 i = 0; i < n; i++)
	{
		Datum row[5] = {Int64GetDatum(suspects[i].caller), Float8GetDatum(suspects[i].score),
						Float8GetDatum(exp2(suspects[i].score) / odds), Int32GetDatum(suspects[i].personas),
						reasons_for(p->model, &suspects[i])};
		bool no_nulls[5] = {false, false, false, false, false};

		put_row(fcinfo, row, no_nulls);
	}
	return (Datum) 0;
}
