/*-------------------------------------------------------------------------
 * persona_reader.c
 *	  Personas of the register, read for linkage.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/uuid.h"

#include "core/identity/linkage.h"
#include "engage.h"
#include "host_sql.h"
#include "register/linkage_model.h"
#include "register/persona_reader.h"

#define FETCH_ROWS 10000

/* Columns of PERSONA_COLUMNS. */
#define COLUMN_KEY 1
#define COLUMN_OWN_NUMBER 2
#define COLUMN_ORGANISATION 3
#define COLUMN_SHARED_NUMBER 4
#define COLUMN_CALLER 5
#define COLUMN_COMPONENT 6
#define COLUMN_DETAILS 7

/* --------------------------------------------------------------- loading */

LinkModel *
personas_model(int model_id)
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

static int
compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(pg_uuid_t));
}

/* The personas that refresh could not link, which are left out. */
static void
load_left_out(Personas *p)
{
	MemoryContext mine = CurrentMemoryContext;

	SPI_connect();
	SPI_execute("SELECT a.persona_key FROM engage.set_aside a WHERE a.stage OPERATOR(pg_catalog.=) 'link'", true, 0);
	p->nleft_out = (uint32) SPI_processed;
	p->left_out = MemoryContextAlloc(mine, (p->nleft_out + 1) * sizeof(pg_uuid_t));
	for (uint32 i = 0; i < p->nleft_out; i++)
	{
		bool isnull;

		p->left_out[i] = *DatumGetUUIDP(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
	}
	SPI_finish();
	qsort(p->left_out, p->nleft_out, sizeof(pg_uuid_t), compare_keys);
}

Personas *
personas_start(LinkModel *model, int model_id)
{
	Personas *p = palloc0(sizeof(Personas));

	p->model = model;
	p->model_id = model_id;
	p->store = link_store_create(&engage_host, model);
	p->max = 64;
	p->keys = palloc(p->max * sizeof(pg_uuid_t));
	p->callers = palloc(p->max * sizeof(int64));
	p->components = palloc(p->max * sizeof(pg_uuid_t));
	load_left_out(p);
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

/* A date as the text that the core reads: YYYYMMDD. */
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

/* Add a row's persona; what is kept goes to the given memory context. */
static void
add_row(Personas *p, HeapTuple row, TupleDesc desc, bool leave_out_shared, MemoryContext mine)
{
	LinkText details[FS_MAX_COMPARISONS];
	bool isnull;
	bool is_new;
	pg_uuid_t *key = DatumGetUUIDP(SPI_getbinval(row, desc, COLUMN_KEY, &isnull));
	bool own = DatumGetBool(SPI_getbinval(row, desc, COLUMN_OWN_NUMBER, &isnull));
	bool organisation = DatumGetBool(SPI_getbinval(row, desc, COLUMN_ORGANISATION, &isnull));
	bool shared = DatumGetBool(SPI_getbinval(row, desc, COLUMN_SHARED_NUMBER, &isnull));
	Datum caller = SPI_getbinval(row, desc, COLUMN_CALLER, &isnull);
	Datum component = SPI_getbinval(row, desc, COLUMN_COMPONENT, &is_new);
	MemoryContext scratch;

	if (!p->has_sources)
		find_sources(p, desc);
	if (p->nleft_out > 0 && bsearch(key, p->left_out, p->nleft_out, sizeof(pg_uuid_t), compare_keys) != NULL)
		return;
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
	if (shared && leave_out_shared && !own)
		link_mark_shared_number(p->store, p->n);
	if (organisation)
		link_mark_organisation(p->store, p->n);
	p->n++;
	MemoryContextSwitchTo(scratch);
}

/*
 * Add the personas of a query that starts with PERSONA_COLUMNS. leave_out_shared:
 * whether to leave out numbers that were found to be shared.
 */
void
personas_add(Personas *p, const char *query, int nargs, Oid *types, Datum *values, const char *nulls, bool leave_out_shared)
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
			add_row(p, SPI_tuptable->vals[i], SPI_tuptable->tupdesc, leave_out_shared, mine);
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
void
personas_add_of(Personas *p, ArrayType *keys, bool leave_out_shared)
{
	Oid types[1] = {UUIDARRAYOID};
	Datum values[1] = {PointerGetDatum(keys)};

	if (keys == NULL)
		personas_add(p, PERSONA_COLUMNS PERSONA_ORDER, 0, NULL, NULL, NULL, leave_out_shared);
	else
		personas_add(p, PERSONA_COLUMNS " WHERE p.persona_key OPERATOR(pg_catalog.=) ANY ($1)" PERSONA_ORDER,
					 1, types, values, NULL, leave_out_shared);
}

/* The same for their blocks, which do not depend on what is known of numbers. */
void
personas_add_for_blocks(Personas *p, ArrayType *keys)
{
	Oid types[1] = {UUIDARRAYOID};
	Datum values[1] = {PointerGetDatum(keys)};

	if (keys == NULL)
		personas_add(p, BLOCK_COLUMNS PERSONA_ORDER, 0, NULL, NULL, NULL, true);
	else
		personas_add(p, BLOCK_COLUMNS " WHERE p.persona_key OPERATOR(pg_catalog.=) ANY ($1)" PERSONA_ORDER,
					 1, types, values, NULL, true);
}

/* ----------------------------------------------------------------- terms */

/* With more personas than this, all terms are read. */
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

/* Give the store the number of people who have each value, and let it work out weights. */
void
personas_load_terms(Personas *p)
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

/* ---------------------------------------------------------------- blocks */

/* The blocks that are too large, and their last hubs. */
void
personas_load_large(LinkKeySet *large)
{
	MemoryContext mine = CurrentMemoryContext;

	SPI_connect();
	SPI_execute("SELECT b.block_key, b.last_rank FROM engage_internal.block_large b", true, 0);
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

ArrayType *
personas_uuid_array(pg_uuid_t *keys, uint32 n)
{
	Datum *key = palloc(sizeof(Datum) * (n + 1));

	for (uint32 i = 0; i < n; i++)
		key[i] = UUIDPGetDatum(&keys[i]);
	return construct_array(key, n, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR);
}

/* The blocks of the current personas: all of each block, or its hubs only. */
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

/* Add the personas that share a block with those already read, except these. */
void
personas_add_neighbours(Personas *p, const LinkKeySet *large)
{
	Oid types[3] = {INT8ARRAYOID, INT8ARRAYOID, UUIDARRAYOID};
	Datum values[3] = {PointerGetDatum(blocks_array(p, large, true)), PointerGetDatum(blocks_array(p, large, false)),
					   PointerGetDatum(personas_uuid_array(p->keys, p->n))};

	personas_add(p, PERSONA_COLUMNS " WHERE p.persona_key OPERATOR(pg_catalog.=) ANY (ARRAY("
									"SELECT b.persona_key FROM (SELECT DISTINCT k FROM pg_catalog.unnest($1) k) x,"
									" LATERAL (SELECT y.persona_key FROM engage_internal.persona_block y WHERE y.block_key OPERATOR(pg_catalog.=) x.k OFFSET 0) b"
									" UNION SELECT b.persona_key FROM (SELECT DISTINCT k FROM pg_catalog.unnest($2) k) x"
									" JOIN engage_internal.block_large l ON l.block_key OPERATOR(pg_catalog.=) x.k,"
									" LATERAL (SELECT y.persona_key FROM engage_internal.persona_block y WHERE y.block_key OPERATOR(pg_catalog.=) x.k"
									" AND y.rank OPERATOR(pg_catalog.<=) l.last_rank OFFSET 0) b"
									" EXCEPT SELECT pg_catalog.unnest($3)))" PERSONA_ORDER,
				 3, types, values, NULL, true);
}
