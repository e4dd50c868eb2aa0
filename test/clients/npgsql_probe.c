/*
 * What Power BI does with a schema, as far as it is known, without Power BI.
 *
 *   npgsql_probe CONNINFO SCHEMA
 *
 * Connects, asks what Npgsql 4.0.17 and Power BI's connector ask, and runs the
 * shapes of statement that import and DirectQuery send over every view of the
 * schema.  All results are binary, and are decoded as Npgsql 4.0.17 does, but for
 * types that lose something on their way into a model, which are refused.
 *
 * A line 'ok' or 'not ok' for each view and shape, with the reason after '#'.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "npgsql_decode.h"
#include "npgsql_types.h"

#define MAX_COLUMNS 64

typedef struct
{
	char *name;
	Oid type;
} Column;

typedef struct
{
	char *name;
	int ncolumns;
	Column column[MAX_COLUMNS];
} View;

typedef struct
{
	Oid oid;
	char *name;
} KnownType;

typedef struct
{
	char *data;
	size_t length, size;
} Text;

static PGconn *conn;
static const char *schema;
static View *views;
static int nviews;
static KnownType *known;
static int nknown;
static int tests, failures;

/* ------------------------------------------------------------------- report */

static void __attribute__((format(printf, 1, 2), noreturn))
give_up(const char *format, ...)
{
	va_list args;

	printf("not ok - probe # ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	exit(1);
}

static void *
allocate(void *old, size_t size)
{
	void *memory = realloc(old, size);

	if (memory == NULL)
		give_up("out of memory");
	return memory;
}

static char *
copy(const char *string)
{
	return strcpy(allocate(NULL, strlen(string) + 1), string);
}

static void __attribute__((format(printf, 2, 3)))
append(Text *text, const char *format, ...)
{
	va_list args;
	int needed;

	va_start(args, format);
	needed = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (text->length + needed + 1 > text->size)
	{
		text->size = 2 * (text->length + needed + 1);
		text->data = allocate(text->data, text->size);
	}
	va_start(args, format);
	vsnprintf(text->data + text->length, needed + 1, format, args);
	va_end(args);
	text->length += needed;
}

static void
clear(Text *text)
{
	free(text->data);
	*text = (Text){0};
}

/* One test; complaint is NULL or empty where it passed. */
static void
report(const char *view, const char *what, const char *complaint)
{
	bool failed = complaint != NULL && *complaint != '\0';

	tests++;
	failures += failed;
	printf("%s - %s.%s: %s%s", failed ? "not ok" : "ok", schema, view, what, failed ? " # " : "\n");
	if (failed)
	{
		for (; *complaint != '\0'; complaint++)
			putchar(*complaint == '\n' ? ' ' : *complaint);
		putchar('\n');
	}
}

/* ------------------------------------------------------------------ results */

static const KnownType *
find_type(Oid oid)
{
	for (int i = 0; i < nknown; i++)
	{
		if (known[i].oid == oid)
			return &known[i];
	}
	return NULL;
}

/* What is wrong with a column of a result; its first value that is. */
static void
check_column(const PGresult *result, int column, Text *complaint)
{
	const KnownType *type = find_type(PQftype(result, column));
	const char *name = PQfname(result, column), *wrong;
	const TakenType *taken_type;

	if (type == NULL)
		append(complaint, "column \"%s\" has type %u, which is currently unknown to Npgsql; ", name, PQftype(result, column));
	else if ((taken_type = find_taken(type->oid)) == NULL)
		append(complaint, "column \"%s\" has type %s; ", name, type->name);
	else if (PQfformat(result, column) != 1)
		append(complaint, "column \"%s\" came as text; ", name);
	else
	{
		for (int row = 0; row < PQntuples(result); row++)
		{
			if (PQgetisnull(result, row, column))
				continue;
			wrong = check_value(taken_type, PQgetvalue(result, row, column), PQgetlength(result, row, column));
			if (wrong != NULL)
			{
				append(complaint, "column \"%s\" %s; ", name, wrong);
				break;
			}
		}
	}
}

/* Run a statement and decode all of its result; NULL after an error. */
static PGresult *
run(const char *statement, Text *complaint)
{
	PGresult *result = PQexecParams(conn, statement, 0, NULL, NULL, NULL, NULL, 1);

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
	{
		append(complaint, "%s in: %s", PQerrorMessage(conn), statement);
		PQclear(result);
		return NULL;
	}
	for (int i = 0; i < PQnfields(result); i++)
		check_column(result, i, complaint);
	return result;
}

/* As above, for a shape that is a test of its own; returns the rows, -1 after an error. */
static int
run_shape(const char *view, const char *what, const char *statement)
{
	Text complaint = {0};
	PGresult *result = run(statement, &complaint);
	int rows = result != NULL ? PQntuples(result) : -1;

	report(view, what, complaint.data);
	PQclear(result);
	clear(&complaint);
	return rows;
}

/* A single whole number, which the statement gives. */
static int64_t
number(const char *statement, Text *complaint)
{
	PGresult *result = run(statement, complaint);
	int64_t value = -1;

	if (result != NULL && PQntuples(result) == 1 && PQftype(result, 0) == INT8_TYPE)
		value = (int64_t) big_endian((unsigned char *) PQgetvalue(result, 0, 0), 8);
	PQclear(result);
	return value;
}

/* --------------------------------------------------------------- connection */

/* Results of metadata are text, as Npgsql and the connector have them. */
static PGresult *
ask(const char *statement)
{
	PGresult *result = PQexecParams(conn, statement, 0, NULL, NULL, NULL, NULL, 0);

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		give_up("%s in: %s", PQerrorMessage(conn), statement);
	return result;
}

static void
open_connection(const char *conninfo)
{
	const char *protocol;

	conn = PQconnectdb(conninfo);
	if (PQstatus(conn) != CONNECTION_OK)
		give_up("%s", PQerrorMessage(conn));
	protocol = PQsslAttribute(conn, "protocol");
	if (protocol == NULL)
		protocol = "not encrypted";
	report("connection", "TLS 1.2", strcmp(protocol, "TLSv1.2") == 0 ? NULL : protocol);
}

static void
learn_type(const PGresult *types, int row)
{
	Oid oid = strtoul(PQgetvalue(types, row, 2), NULL, 10);
	char kind = *PQgetvalue(types, row, 5);
	const char *needs = NULL;

	if (kind == 'd')
		needs = PQgetvalue(types, row, 4);
	else if (kind == 'a' || kind == 'r')
		needs = PQgetvalue(types, row, 6);
	if (needs != NULL && find_type(strtoul(needs, NULL, 10)) == NULL)
		return; /* Npgsql leaves it out too */
	known = allocate(known, (nknown + 1) * sizeof(KnownType));
	known[nknown].oid = oid;
	known[nknown++].name = copy(PQgetvalue(types, row, 1));
}

/* Npgsql sends its three queries in one batch, and takes all as text. */
static void
load_types(void)
{
	const int n = sizeof(type_queries) / sizeof(type_queries[0]);
	PGresult *result;

	if (!PQenterPipelineMode(conn))
		give_up("no pipeline");
	for (int i = 0; i < n; i++)
		PQsendQueryParams(conn, type_queries[i], 0, NULL, NULL, NULL, NULL, 0);
	PQpipelineSync(conn);
	for (int i = 0; i < n; i++)
	{
		result = PQgetResult(conn);
		if (PQresultStatus(result) != PGRES_TUPLES_OK)
			give_up("%s in: %s", PQresultErrorMessage(result), type_queries[i]);
		for (int row = 0; i == 0 && row < PQntuples(result); row++)
			learn_type(result, row);
		PQclear(result);
		PQclear(PQgetResult(conn));
	}
	PQclear(PQgetResult(conn));
	if (!PQexitPipelineMode(conn))
		give_up("%s", PQerrorMessage(conn));
	report("connection", "types are loaded", find_type(INT4_TYPE) != NULL && find_type(NUMERIC_TYPE) != NULL ? NULL : "they are not");
}

/* ------------------------------------------------------------------ metadata */

static void
describe_columns(View *view)
{
	Text statement = {0};
	Text complaint = {0};
	PGresult *columns, *shape;

	append(&statement, "select COLUMN_NAME, ORDINAL_POSITION, IS_NULLABLE, case when (data_type like '%%unsigned%%') then DATA_TYPE || ' unsigned' else DATA_TYPE end as DATA_TYPE\n"
					   "from INFORMATION_SCHEMA.columns\n"
					   "where TABLE_SCHEMA = '%s' and TABLE_NAME = '%s'\n"
					   "order by TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION",
		   schema, view->name);
	columns = ask(statement.data);
	clear(&statement);
	view->ncolumns = PQntuples(columns);
	if (view->ncolumns == 0 || view->ncolumns > MAX_COLUMNS)
		give_up("%s has %d columns", view->name, view->ncolumns);

	append(&statement, "select * from \"%s\".\"%s\" limit 0", schema, view->name);
	shape = PQexecParams(conn, statement.data, 0, NULL, NULL, NULL, NULL, 1);
	if (PQresultStatus(shape) != PGRES_TUPLES_OK)
		append(&complaint, "%s", PQerrorMessage(conn));
	else if (PQnfields(shape) != view->ncolumns)
		append(&complaint, "are not those it has");
	for (int i = 0; i < view->ncolumns; i++)
	{
		view->column[i].name = copy(PQgetvalue(columns, i, 0));
		view->column[i].type = complaint.data == NULL ? PQftype(shape, i) : InvalidOid;
	}
	report(view->name, "columns", complaint.data);
	if (complaint.data != NULL)
		view->ncolumns = 0; /* of which nothing can be read */
	PQclear(columns);
	PQclear(shape);
	clear(&statement);
	clear(&complaint);
}

/* Keys: those that point at the view, or those that it has; and its indexes. */
static void
ask_for_keys(const View *view)
{
	static const char *const side[] = {"pkcol", "fkcol"};
	Text statement = {0};

	for (int i = 0; i < 2; i++)
	{
		append(&statement, "select\n"
						   "    pkcol.COLUMN_NAME as PK_COLUMN_NAME,\n"
						   "    fkcol.TABLE_SCHEMA AS FK_TABLE_SCHEMA,\n"
						   "    fkcol.TABLE_NAME AS FK_TABLE_NAME,\n"
						   "    fkcol.COLUMN_NAME as FK_COLUMN_NAME,\n"
						   "    fkcol.ORDINAL_POSITION as ORDINAL,\n"
						   "    fkcon.CONSTRAINT_SCHEMA || '_' || fkcol.TABLE_NAME || '_' || '%s' || '_' || fkcon.CONSTRAINT_NAME as FK_NAME\n"
						   "from\n"
						   "    (select distinct constraint_catalog, constraint_schema, unique_constraint_schema, constraint_name, unique_constraint_name\n"
						   "        from INFORMATION_SCHEMA.REFERENTIAL_CONSTRAINTS) fkcon\n"
						   "    inner join\n"
						   "    INFORMATION_SCHEMA.KEY_COLUMN_USAGE fkcol\n"
						   "        on fkcon.CONSTRAINT_SCHEMA = fkcol.CONSTRAINT_SCHEMA\n"
						   "        and fkcon.CONSTRAINT_NAME = fkcol.CONSTRAINT_NAME\n"
						   "    inner join\n"
						   "    INFORMATION_SCHEMA.KEY_COLUMN_USAGE pkcol\n"
						   "        on fkcon.UNIQUE_CONSTRAINT_SCHEMA = pkcol.CONSTRAINT_SCHEMA\n"
						   "        and fkcon.UNIQUE_CONSTRAINT_NAME = pkcol.CONSTRAINT_NAME\n"
						   "where %s.TABLE_SCHEMA = '%s' and %s.TABLE_NAME = '%s'\n"
						   "        and pkcol.ORDINAL_POSITION = fkcol.ORDINAL_POSITION\n"
						   "order by FK_NAME, fkcol.ORDINAL_POSITION",
			   view->name, side[i], schema, side[i], view->name);
		PQclear(ask(statement.data));
		clear(&statement);
	}
	append(&statement, "select\n"
					   "    i.CONSTRAINT_SCHEMA || '_' || i.CONSTRAINT_NAME as INDEX_NAME,\n"
					   "    ii.COLUMN_NAME,\n"
					   "    ii.ORDINAL_POSITION,\n"
					   "    case when i.CONSTRAINT_TYPE = 'PRIMARY KEY' then 'Y' else 'N' end as PRIMARY_KEY\n"
					   "from INFORMATION_SCHEMA.table_constraints i\n"
					   "    inner join INFORMATION_SCHEMA.key_column_usage ii\n"
					   "        on i.CONSTRAINT_SCHEMA = ii.CONSTRAINT_SCHEMA\n"
					   "        and i.CONSTRAINT_NAME = ii.CONSTRAINT_NAME\n"
					   "        and i.TABLE_SCHEMA = ii.TABLE_SCHEMA\n"
					   "        and i.TABLE_NAME = ii.TABLE_NAME\n"
					   "where i.TABLE_SCHEMA = '%s' and i.TABLE_NAME = '%s'\n"
					   "        and i.CONSTRAINT_TYPE in ('PRIMARY KEY', 'UNIQUE')\n"
					   "order by i.CONSTRAINT_SCHEMA || '_' || i.CONSTRAINT_NAME, ii.TABLE_SCHEMA, ii.TABLE_NAME, ii.ORDINAL_POSITION",
		   schema, view->name);
	PQclear(ask(statement.data));
	clear(&statement);
	report(view->name, "keys and indexes are asked for", NULL);
}

/* The navigator: what is there, of what schema. */
static void
navigate(void)
{
	PGresult *tables;
	Text others = {0};

	PQclear(ask("select character_set_name from INFORMATION_SCHEMA.character_sets"));
	tables = ask("select TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE\n"
				 "from INFORMATION_SCHEMA.tables\n"
				 "where TABLE_SCHEMA not in ('information_schema', 'pg_catalog')\n"
				 "order by TABLE_SCHEMA, TABLE_NAME");
	views = allocate(NULL, (PQntuples(tables) + 1) * sizeof(View));
	for (int i = 0; i < PQntuples(tables); i++)
	{
		if (strcmp(PQgetvalue(tables, i, 0), schema) != 0)
			append(&others, "%s.%s ", PQgetvalue(tables, i, 0), PQgetvalue(tables, i, 1));
		else if (strcmp(PQgetvalue(tables, i, 2), "VIEW") != 0)
			append(&others, "%s is a %s ", PQgetvalue(tables, i, 1), PQgetvalue(tables, i, 2));
		else
			views[nviews++] = (View){.name = copy(PQgetvalue(tables, i, 1))};
	}
	report("navigator", "views of the schema alone", others.data);
	report("navigator", "has views", nviews > 0 ? NULL : "none");
	PQclear(tables);
	clear(&others);
	for (int i = 0; i < nviews; i++)
	{
		describe_columns(&views[i]);
		ask_for_keys(&views[i]);
	}
}

/* -------------------------------------------------------------------- shapes */

static bool
ends_with(const char *name, const char *end)
{
	size_t length = strlen(name), end_length = strlen(end);

	return length >= end_length && strcmp(name + length - end_length, end) == 0;
}

static bool
is_key(const Column *column)
{
	return ends_with(column->name, "_key");
}

static bool
is_number(Oid type)
{
	return type == INT2_TYPE || type == INT4_TYPE || type == INT8_TYPE || type == FLOAT8_TYPE || type == NUMERIC_TYPE;
}

static bool
is_time(Oid type)
{
	return type == DATE_TYPE || type == TIMESTAMP_TYPE;
}

/* select "T"."a" as "a", ... from "schema"."view" "T" */
static void
append_select(Text *text, const View *view, const char *alias, bool named)
{
	append(text, "select ");
	for (int i = 0; i < view->ncolumns; i++)
	{
		append(text, "%s\"%s\".\"%s\"", i > 0 ? ",\n    " : "", alias, view->column[i].name);
		if (named)
			append(text, " as \"%s\"", view->column[i].name);
	}
	append(text, "\nfrom \"%s\".\"%s\" \"%s\"", schema, view->name, alias);
}

/* What a visual sums up: decimals as they are, whole numbers as numeric. */
static const char *
measure(const View *view)
{
	static char sum[256];

	for (int i = 0; i < view->ncolumns; i++)
	{
		if (is_key(&view->column[i]) || !is_number(view->column[i].type))
			continue;
		snprintf(sum, sizeof(sum), view->column[i].type == FLOAT8_TYPE ? "sum(\"rows\".\"%s\")" : "sum(CAST(\"rows\".\"%s\" AS NUMERIC))", view->column[i].name);
		return sum;
	}
	return "count(1)";
}

static void
read_view(const View *view)
{
	Text statement = {0}, complaint = {0};
	int64_t rows;
	int imported;

	append_select(&statement, view, "$Table", true);
	append(&statement, "\nlimit 1000");
	run_shape(view->name, "preview", statement.data);
	clear(&statement);

	append_select(&statement, view, "_", false);
	imported = run_shape(view->name, "import", statement.data);
	clear(&statement);

	append(&statement, "select count(1) as \"a0\" from \"%s\".\"%s\" \"rows\"", schema, view->name);
	rows = number(statement.data, &complaint);
	if (rows != imported)
		append(&complaint, "%d of %lld rows", imported, (long long) rows);
	report(view->name, "all rows are imported", complaint.data);
	printf("# %s.%s: %d rows\n", schema, view->name, imported);
	clear(&statement);
	clear(&complaint);

	append(&statement, "select * from (select * from \"%s\".\"%s\") _ limit 1", schema, view->name);
	run_shape(view->name, "native query can fold", statement.data);
	clear(&statement);
}

/* Every column once as a group, with a measure, as one visual of each. */
static void
group_columns(const View *view)
{
	Text statement = {0}, complaint = {0};
	const char *name, *missing;

	for (int i = 0; i < view->ncolumns; i++)
	{
		name = view->column[i].name;
		append(&statement, "select \"_\".\"%s\",\n    \"_\".\"a0\"\nfrom\n(\n    select \"rows\".\"%s\" as \"%s\",\n        %s as \"a0\"\n    from\n    (\n", name, name, name, measure(view));
		append_select(&statement, view, "_", false);
		append(&statement, "\n    ) \"rows\"\n    group by \"%s\"\n) \"_\"\nwhere not \"_\".\"a0\" is null\nlimit 1000001", name);
		PQclear(run(statement.data, &complaint));
		clear(&statement);

		/* a table visual, sorted by it */
		missing = find_taken(view->column[i].type) != NULL ? find_taken(view->column[i].type)->missing : "''";
		append(&statement, "select \"_\".\"c0\",\n    \"_\".\"a0\",\n    \"_\".\"t0_0\",\n    \"_\".\"t1_0\"\nfrom\n(\n"
						   "    select \"_\".\"o0\" as \"c0\",\n        \"_\".\"a0\" as \"a0\",\n"
						   "        case when \"_\".\"o0\" is not null then \"_\".\"o0\" else %s end as \"t0_0\",\n"
						   "        case when \"_\".\"o0\" is null then 0 else 1 end as \"t1_0\"\n    from\n    (\n"
						   "        select \"rows\".\"%s\" as \"o0\", %s as \"a0\"\n        from \"%s\".\"%s\" \"rows\"\n        group by \"%s\"\n    ) \"_\"\n) \"_\"\n"
						   "order by \"_\".\"t0_0\",\n    \"_\".\"t1_0\"\nlimit 501",
			   missing, name, measure(view), schema, view->name, name);
		PQclear(run(statement.data, &complaint));
		clear(&statement);
	}
	report(view->name, "DirectQuery: group, measure and sort", complaint.data);
	clear(&complaint);
}

static void
count_columns(const View *view)
{
	Text statement = {0}, complaint = {0};
	const char *name;

	for (int i = 0; i < view->ncolumns; i++)
	{
		name = view->column[i].name;
		append(&statement, "select count(distinct(\"rows\".\"%s\")) + max(case when \"rows\".\"%s\" is null then 1 else 0 end) as \"a0\"\nfrom\n(\n", name, name);
		append_select(&statement, view, "$Table", true);
		append(&statement, "\n) \"rows\"");
		PQclear(run(statement.data, &complaint));
		clear(&statement);
	}
	report(view->name, "DirectQuery: count of distinct values", complaint.data);
	clear(&complaint);
}

/* What slicers ask for, and the text made of a date. */
static void
bound_columns(const View *view)
{
	Text statement = {0}, complaint = {0};
	const char *name;

	for (int i = 0; i < view->ncolumns; i++)
	{
		name = view->column[i].name;
		if (view->column[i].type == BOOL_TYPE)
			continue;
		append(&statement, "select max(\"rows\".\"%s\") as \"a0\",\n    min(\"rows\".\"%s\") as \"a1\"\nfrom\n(\n    select \"%s\"\n    from \"%s\".\"%s\" \"$Table\"\n) \"rows\"",
			   name, name, name, schema, view->name);
		PQclear(run(statement.data, &complaint));
		clear(&statement);
		if (!is_time(view->column[i].type))
			continue;
		append(&statement, "select left(cast(extract(month from \"_\".\"%s\") as varchar), 4000) as \"t0\" from \"%s\".\"%s\" \"_\" limit 501", name, schema, view->name);
		PQclear(run(statement.data, &complaint));
		clear(&statement);
	}
	report(view->name, "DirectQuery: least, greatest and text", complaint.data);
	clear(&complaint);
}

/* ------------------------------------------------------------- relationships */

/* The dimension of a key: its first column is of that name. */
static const View *
dimension_of(const Column *key, const View *fact)
{
	for (int i = 0; is_key(key) && i < nviews; i++)
	{
		if (&views[i] != fact && views[i].ncolumns > 0 && strncmp(views[i].name, "dim_", 4) == 0 && strcmp(views[i].column[0].name, key->name) == 0)
			return &views[i];
	}
	return NULL;
}

static void
append_join(Text *text, const View *fact, const View *dimension, const char *key, const char *kind)
{
	const char *attribute = dimension->column[dimension->ncolumns > 1].name;

	append(text, "    select ");
	for (int i = 0; i < fact->ncolumns; i++)
		append(text, "\"$Outer\".\"%s\" as \"%s\",\n        ", fact->column[i].name, fact->column[i].name);
	append(text, "\"$Inner\".\"%s\" as \"d.%s\"\n    from\n    (\n", attribute, attribute);
	append_select(text, fact, "$Table", false);
	append(text, "\n    ) \"$Outer\"\n    %s join\n    (\n", kind);
	append_select(text, dimension, "$Table", false);
	append(text, "\n    ) \"$Inner\" on (\"$Outer\".\"%s\" = \"$Inner\".\"%s\")\n", key, key);
}

/* A measure by what the dimension says; and no row is lost, or there twice. */
static void
join_dimension(const View *fact, const View *dimension, const char *key)
{
	const char *attribute = dimension->column[dimension->ncolumns > 1].name;
	Text statement = {0}, complaint = {0};
	int64_t rows, joined;

	append(&statement, "select \"_\".\"d.%s\",\n    \"_\".\"a0\"\nfrom\n(\n    select \"rows\".\"d.%s\" as \"d.%s\",\n        %s as \"a0\"\n    from\n    (\n", attribute, attribute, attribute, measure(fact));
	append_join(&statement, fact, dimension, key, "left outer");
	append(&statement, ") \"rows\"\n    group by \"d.%s\"\n) \"_\"\nwhere not \"_\".\"a0\" is null\nlimit 1000001", attribute);
	PQclear(run(statement.data, &complaint));
	clear(&statement);

	append(&statement, "select count(1) as \"a0\" from\n(\n");
	append_join(&statement, fact, dimension, key, "inner");
	append(&statement, ") \"rows\"");
	joined = number(statement.data, &complaint);
	clear(&statement);
	append(&statement, "select count(1) as \"a0\" from \"%s\".\"%s\" \"rows\"", schema, fact->name);
	rows = number(statement.data, &complaint);
	clear(&statement);
	if (rows != joined)
		append(&complaint, "%lld rows become %lld", (long long) rows, (long long) joined);

	append(&statement, "DirectQuery: join with %s", dimension->name);
	report(fact->name, statement.data, complaint.data);
	clear(&statement);
	clear(&complaint);
}

/* ------------------------------------------------------- incremental refresh */

static void
append_part(Text *text, const View *view, const char *column, const char *from, const char *to)
{
	append_select(text, view, "_", false);
	append(text, "\nwhere \"_\".\"%s\" >= timestamp '%s' and \"_\".\"%s\" < timestamp '%s'", column, from, column, to);
}

/* Midnights, the first and the last around everything, ten parts in all. */
static PGresult *
part_bounds(const View *view, const char *column)
{
	Text statement = {0};
	PGresult *bounds;

	append(&statement, "select to_char(b.first + make_interval(days => b.days * g / 10), 'YYYY-MM-DD HH24:MI:SS')\n"
					   "from (select date_trunc('day', min(\"%s\")) as first, max(\"%s\")::date - min(\"%s\")::date + 1 as days from \"%s\".\"%s\") b, generate_series(0, 10) g\norder by g",
		   column, column, column, schema, view->name);
	bounds = ask(statement.data);
	clear(&statement);
	return bounds;
}

/* With an index, as parts of a table of many years have to be. */
static bool
uses_index(const char *statement)
{
	Text explain = {0};
	PGresult *plan;
	bool found = false;

	PQclear(PQexec(conn, "set enable_seqscan = off"));
	append(&explain, "explain %s", statement);
	plan = ask(explain.data);
	for (int i = 0; i < PQntuples(plan); i++)
		found |= strstr(PQgetvalue(plan, i, 0), "contact_occurred_utc") != NULL;
	PQclear(plan);
	clear(&explain);
	PQclear(PQexec(conn, "reset enable_seqscan"));
	return found;
}

static void
refresh_by_parts(const View *view, const char *column)
{
	Text statement = {0}, complaint = {0};
	PGresult *bounds = part_bounds(view, column), *result;
	int64_t rows, parts = 0;

	for (int i = 0; i + 1 < PQntuples(bounds); i++)
	{
		append_part(&statement, view, column, PQgetvalue(bounds, i, 0), PQgetvalue(bounds, i + 1, 0));
		result = run(statement.data, &complaint);
		parts += result != NULL ? PQntuples(result) : 0;
		PQclear(result);
		if (i == 0 && !uses_index(statement.data))
			append(&complaint, "no index is used; ");
		clear(&statement);
	}
	PQclear(bounds);
	append(&statement, "select count(1) as \"a0\" from \"%s\".\"%s\" \"rows\"", schema, view->name);
	rows = number(statement.data, &complaint);
	clear(&statement);
	if (rows != parts)
		append(&complaint, "%lld of %lld rows", (long long) parts, (long long) rows);
	report(view->name, "incremental refresh", complaint.data);
	clear(&complaint);
}

/* A pooled connection is reset; the login's settings are to stand after that. */
static void
check_reset(void)
{
	static const char *const setting[][2] = {{"statement_timeout", "230s"}, {"default_transaction_read_only", "on"}, {"jit", "off"}};
	Text complaint = {0}, statement = {0};
	PGresult *result;

	PQclear(PQexec(conn, "DISCARD ALL"));
	for (int i = 0; i < 3; i++)
	{
		append(&statement, "show %s", setting[i][0]);
		result = ask(statement.data);
		if (strcmp(PQgetvalue(result, 0, 0), setting[i][1]) != 0)
			append(&complaint, "%s is %s; ", setting[i][0], PQgetvalue(result, 0, 0));
		PQclear(result);
		clear(&statement);
	}
	report("connection", "has its settings after a reset", complaint.data);
	clear(&complaint);
}

static void
probe_view(const View *view)
{
	read_view(view);
	group_columns(view);
	count_columns(view);
	bound_columns(view);
	for (int i = 0; i < view->ncolumns; i++)
	{
		const View *dimension = dimension_of(&view->column[i], view);

		if (dimension != NULL)
			join_dimension(view, dimension, view->column[i].name);
		if (strcmp(view->column[i].name, "contact_start_utc") == 0)
			refresh_by_parts(view, view->column[i].name);
	}
}

int
main(int argc, char **argv)
{
	if (argc != 3)
	{
		fprintf(stderr, "usage: npgsql_probe CONNINFO SCHEMA\n");
		return 2;
	}
	schema = argv[2];
	open_connection(argv[1]);
	load_types();
	navigate();
	for (int i = 0; i < nviews; i++)
	{
		if (views[i].ncolumns > 0)
			probe_view(&views[i]);
	}
	check_reset();
	PQfinish(conn);
	printf("1..%d\n", tests);
	return failures > 0;
}
