/*
 * What Excel, Tableau, Qlik and others see through ODBC: views and columns of
 * plain types, and every row.
 *
 *   odbc_probe CONNECTION_STRING SCHEMA
 *
 * A line 'ok' or 'not ok' for each view and check, with the reason after '#'.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sql.h>
#include <sqlext.h>

#define MAX_VIEWS 200
#define NAME_SIZE 128

typedef struct
{
	char text[4096];
} Complaint;

static SQLHENV environment;
static SQLHDBC connection;
static const char *schema;
static int tests, failures;

static void
report(const char *view, const char *what, const Complaint *complaint)
{
	bool failed = complaint->text[0] != '\0';

	tests++;
	failures += failed;
	printf("%s - %s.%s: %s%s%s\n", failed ? "not ok" : "ok", schema, view, what, failed ? " # " : "", complaint->text);
}

static void
complain(Complaint *complaint, const char *what, const char *detail)
{
	size_t used = strlen(complaint->text);

	snprintf(complaint->text + used, sizeof(complaint->text) - used, "%s %s; ", what, detail);
	for (char *c = complaint->text + used; *c != '\0'; c++)
	{
		if (*c == '\n')
			*c = ' ';
	}
}

static void
complain_of_error(Complaint *complaint, SQLSMALLINT kind, SQLHANDLE handle)
{
	SQLCHAR state[6], message[1024];

	if (SQL_SUCCEEDED(SQLGetDiagRec(kind, handle, 1, state, NULL, message, sizeof(message), NULL)))
		complain(complaint, (char *) state, (char *) message);
	else
		complain(complaint, "an error", "without a message");
}

static SQLHSTMT
new_statement(void)
{
	SQLHSTMT statement;

	if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, connection, &statement)))
		exit(2);
	return statement;
}

static bool
open_connection(const char *string)
{
	Complaint complaint = {{0}};

	SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment);
	SQLSetEnvAttr(environment, SQL_ATTR_ODBC_VERSION, (SQLPOINTER) SQL_OV_ODBC3, 0);
	SQLAllocHandle(SQL_HANDLE_DBC, environment, &connection);
	if (!SQL_SUCCEEDED(SQLDriverConnect(connection, NULL, (SQLCHAR *) string, SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT)))
		complain_of_error(&complaint, SQL_HANDLE_DBC, connection);
	report("connection", "opens", &complaint);
	return complaint.text[0] == '\0';
}

/* The names of the views; returns how many. */
static int
list_views(char name[][NAME_SIZE])
{
	SQLHSTMT statement = new_statement();
	Complaint complaint = {{0}};
	char type[NAME_SIZE];
	int n = 0;

	if (!SQL_SUCCEEDED(SQLTables(statement, NULL, 0, (SQLCHAR *) schema, SQL_NTS, (SQLCHAR *) "%", SQL_NTS, NULL, 0)))
		complain_of_error(&complaint, SQL_HANDLE_STMT, statement);
	while (n < MAX_VIEWS && SQL_SUCCEEDED(SQLFetch(statement)))
	{
		SQLGetData(statement, 3, SQL_C_CHAR, name[n], NAME_SIZE, NULL);
		SQLGetData(statement, 4, SQL_C_CHAR, type, sizeof(type), NULL);
		if (strcmp(type, "VIEW") != 0)
			complain(&complaint, name[n], "is no view");
		n++;
	}
	if (n == 0)
		complain(&complaint, "there are", "no views");
	report("schema", "views", &complaint);
	SQLFreeHandle(SQL_HANDLE_STMT, statement);
	return n;
}

/* ODBC calls a timestamptz a timestamp and an array a text, so the database's names count. */
static bool
is_taken(const char *type, SQLSMALLINT code)
{
	static const char *const taken[] = {"bool", "int2", "int4", "int8", "float8", "text", "varchar", "date", "timestamp", "timestamp without time zone", "numeric"};

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
	{
		if (strcmp(type, taken[i]) == 0)
			return code != SQL_UNKNOWN_TYPE;
	}
	return false;
}

static void
list_columns(const char *view)
{
	SQLHSTMT statement = new_statement();
	Complaint complaint = {{0}};
	char name[NAME_SIZE], type[NAME_SIZE], said[3 * NAME_SIZE];
	SQLSMALLINT code;
	int n = 0;

	if (!SQL_SUCCEEDED(SQLColumns(statement, NULL, 0, (SQLCHAR *) schema, SQL_NTS, (SQLCHAR *) view, SQL_NTS, (SQLCHAR *) "%", SQL_NTS)))
		complain_of_error(&complaint, SQL_HANDLE_STMT, statement);
	for (; SQL_SUCCEEDED(SQLFetch(statement)); n++)
	{
		SQLGetData(statement, 4, SQL_C_CHAR, name, sizeof(name), NULL);
		SQLGetData(statement, 5, SQL_C_SSHORT, &code, 0, NULL);
		SQLGetData(statement, 6, SQL_C_CHAR, type, sizeof(type), NULL);
		if (is_taken(type, code))
			continue;
		snprintf(said, sizeof(said), "\"%s\" has type %s", name, type);
		complain(&complaint, "column", said);
	}
	if (n == 0)
		complain(&complaint, "it has", "no columns");
	report(view, "columns", &complaint);
	SQLFreeHandle(SQL_HANDLE_STMT, statement);
}

static void
read_view(const char *view)
{
	SQLHSTMT statement = new_statement();
	Complaint complaint = {{0}};
	char select[2 * NAME_SIZE], value[32768];
	SQLSMALLINT columns = 0;
	SQLRETURN status;
	SQLLEN length;
	int rows = 0;

	snprintf(select, sizeof(select), "SELECT * FROM \"%s\".\"%s\"", schema, view);
	if (!SQL_SUCCEEDED(SQLExecDirect(statement, (SQLCHAR *) select, SQL_NTS)))
		complain_of_error(&complaint, SQL_HANDLE_STMT, statement);
	else
	{
		SQLNumResultCols(statement, &columns);
		while (SQL_SUCCEEDED(status = SQLFetch(statement)))
		{
			rows++;
			for (SQLSMALLINT i = 1; i <= columns && complaint.text[0] == '\0'; i++)
			{
				if (SQLGetData(statement, i, SQL_C_CHAR, value, sizeof(value), &length) != SQL_SUCCESS)
					complain_of_error(&complaint, SQL_HANDLE_STMT, statement);
			}
		}
		if (status != SQL_NO_DATA)
			complain_of_error(&complaint, SQL_HANDLE_STMT, statement);
	}
	report(view, "read", &complaint);
	printf("# %s.%s: %d rows\n", schema, view, rows);
	SQLFreeHandle(SQL_HANDLE_STMT, statement);
}

int
main(int argc, char **argv)
{
	static char view[MAX_VIEWS][NAME_SIZE];
	int n;

	if (argc != 3)
	{
		fprintf(stderr, "usage: odbc_probe CONNECTION_STRING SCHEMA\n");
		return 2;
	}
	schema = argv[2];
	if (!open_connection(argv[1]))
		return 1;
	n = list_views(view);
	for (int i = 0; i < n; i++)
	{
		list_columns(view[i]);
		read_view(view[i]);
	}
	SQLDisconnect(connection);
	SQLFreeHandle(SQL_HANDLE_DBC, connection);
	SQLFreeHandle(SQL_HANDLE_ENV, environment);
	printf("1..%d\n", tests);
	return failures > 0;
}
