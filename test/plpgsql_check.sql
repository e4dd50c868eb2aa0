-- plpgsql_check over every plpgsql function of both extensions: bodies are not
-- checked while an extension's script runs, so a misspelt name would be found
-- by the first user only.  One line a function, in TAP's words.
CREATE EXTENSION plpgsql_check;

-- What the functions use of pg_cron, as its version 1.4 has it: the extension
-- itself can be created only on a server that loads it.
CREATE SCHEMA cron;
CREATE TABLE cron.job (
	jobid bigint, schedule text, command text, nodename text, nodeport integer,
	database text, username text, active boolean, jobname name
);
CREATE TABLE cron.job_run_details (
	jobid bigint, runid bigint, job_pid integer, database text, username text, command text,
	status text, return_message text, start_time timestamptz, end_time timestamptz
);
CREATE FUNCTION cron.schedule(text, text, text) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
CREATE FUNCTION cron.schedule_in_database(text, text, text, text, text DEFAULT NULL, boolean DEFAULT true)
	RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
CREATE FUNCTION cron.unschedule(name) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION cron.unschedule(bigint) RETURNS boolean LANGUAGE sql AS 'SELECT true';

WITH trigger AS (
	-- once a function and table, with all of the transition tables that its triggers there name
	SELECT tgfoid, tgrelid, max(tgoldtable) AS tgoldtable, max(tgnewtable) AS tgnewtable
	FROM pg_trigger
	WHERE NOT tgisinternal
	GROUP BY tgfoid, tgrelid
), functions AS (
	SELECT p.oid, t.tgrelid, t.tgoldtable, t.tgnewtable,
		t.tgrelid IS NULL AND p.prorettype = 'trigger'::regtype AS unused
	FROM pg_proc p
	JOIN pg_language l ON l.oid = p.prolang AND l.lanname = 'plpgsql'
	JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	JOIN pg_extension e ON e.oid = d.refobjid AND e.extname IN ('engage', 'engage_demo')
	LEFT JOIN trigger t ON t.tgfoid = p.oid
	-- which does nothing but raise an error
	WHERE p.oid <> 'engage.lookup(numeric)'::regprocedure
), findings AS (
	SELECT f.oid, string_agg(DISTINCT format(E'\n# line %s: %s: %s%s', coalesce(c.lineno, 0), c.level, c.message,
			coalesce(' (' || coalesce(c.hint, c.detail) || ')', '')), '') AS text
	FROM functions f
	CROSS JOIN LATERAL plpgsql_check_function_tb(f.oid, coalesce(f.tgrelid, 0),
		oldtable => f.tgoldtable, newtable => f.tgnewtable) c
	WHERE NOT f.unused
		-- what it says it cannot tell, and that several results may include a row type
		AND COALESCE(c.detail, c.hint, '') NOT LIKE '%cannot to determine result of dynamic SQL%' AND c.message NOT LIKE 'composite OUT variable % is not single argument'
		-- stages all have the same parameters
		AND NOT (f.oid::regproc::text LIKE 'engage_internal.stage_%' AND c.message LIKE 'unused parameter %')
	GROUP BY f.oid
)
SELECT CASE WHEN bool_or(f.unused) THEN format('not ok %s: a trigger function without a trigger', f.oid::regprocedure)
		ELSE format('%sok %s%s', CASE WHEN n.text IS NOT NULL THEN 'not ' END, f.oid::regprocedure, n.text)
	END
FROM functions f
LEFT JOIN findings n USING (oid)
GROUP BY f.oid, n.text
ORDER BY f.oid::regprocedure::text;
