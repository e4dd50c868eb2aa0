/*
 * What Npgsql 4.0 wants to know of types before anything else, asked in our own
 * words: it knows the types that have a receive function and are base types,
 * ranges, enums, domains, free-standing composites, or arrays of these.  What
 * others are made of comes first.
 */

static const char *const type_queries[] = {
	"SELECT n.nspname, t.typname, t.oid, t.typrelid, t.typbasetype,\n"
	"	CASE WHEN e.oid IS NOT NULL THEN 'a' ELSE t.typtype::text END AS kind, COALESCE(e.oid, r.rngsubtype, 0) AS made_of\n"
	"FROM pg_catalog.pg_type t\n"
	"JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace\n"
	"LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'\n"
	"LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid\n"
	"LEFT JOIN pg_catalog.pg_class c ON c.oid = COALESCE(e.typrelid, t.typrelid)\n"
	"WHERE t.typreceive <> 0 AND (COALESCE(e.typtype, t.typtype) IN ('b', 'r', 'e', 'd')\n"
	"	OR COALESCE(e.typtype, t.typtype) = 'c' AND c.relkind = 'c'\n"
	"	OR COALESCE(e.typname, t.typname) IN ('record', 'void'))\n"
	"ORDER BY e.oid IS NOT NULL, t.typtype = 'r', t.typtype = 'd', t.oid",
	"SELECT t.oid, a.attname, a.atttypid\n"
	"FROM pg_catalog.pg_type t\n"
	"JOIN pg_catalog.pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'\n"
	"JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped\n"
	"ORDER BY t.oid, a.attnum",
	"SELECT e.enumtypid, e.enumlabel FROM pg_catalog.pg_enum e ORDER BY e.enumtypid, e.enumsortorder"};
