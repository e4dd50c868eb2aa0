-- Helpers for the files in sql/, to be included at their top behind
-- \set ECHO none.

-- What a statement that must fail says, as SQLSTATE, message, detail and hint.
CREATE FUNCTION pg_temp.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n    ', SQLSTATE || ': ' || message, 'DETAIL: ' || nullif(detail, ''), 'HINT: ' || nullif(hint, ''));
END $$;

-- A value of the given type from the bytes that a client would send: the
-- server is made to read a binary COPY with a single field.  Gives its text,
-- or what was wrong, as refused() does.
CREATE FUNCTION pg_temp.received(bytes bytea, type text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	copy bytea := '\x5047434f50590aff0d0a0000000000000000000001'::bytea || int4send(length(bytes)) || bytes || '\xffff'::bytea;
	octal text;
	problem text;
	value text;
BEGIN
	SELECT string_agg(format('\%s%s%s', get_byte(copy, i) / 64, get_byte(copy, i) / 8 % 8, get_byte(copy, i) % 8), '' ORDER BY i)
	INTO octal
	FROM generate_series(0, length(copy) - 1) AS i;
	EXECUTE format('CREATE TEMP TABLE received_value (value %s)', type);
	problem := pg_temp.refused(format('COPY received_value FROM PROGRAM %L (FORMAT binary)', format($p$printf '%s'$p$, octal)));
	SELECT received_value.value::text INTO value FROM received_value;
	DROP TABLE received_value;
	RETURN CASE WHEN problem = 'accepted' THEN value ELSE problem END;
END $$;

-- The lines of a query's plan that contain the given text.
CREATE FUNCTION pg_temp.plan_lines(query text, line text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	plan text;
	found bigint := 0;
BEGIN
	FOR plan IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		found := found + (strpos(plan, line) > 0)::integer;
	END LOOP;
	RETURN found;
END $$;

CREATE FUNCTION pg_temp.plan_has(query text, line text) RETURNS boolean LANGUAGE sql AS $$
	SELECT pg_temp.plan_lines(query, line) > 0
$$;

-- Blocks that running a query wrote to temporary files.
CREATE FUNCTION pg_temp.blocks_spilled(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF, FORMAT json) ' || query INTO plan;
	RETURN (plan -> 0 -> 'Plan' ->> 'Temp Written Blocks')::bigint;
END $$;

-- The numbers that a caller's personas have, as text.
CREATE FUNCTION pg_temp.numbers_of(caller bigint) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT string_agg(DISTINCT p.number, ', ' ORDER BY p.number) FROM engage.persona p WHERE p.caller_id = caller);
END $$;

-- The time zone is UTC; or for a file that says \set any_zone before it includes
-- this, that of the run's setting: nothing that it prints depends on it.
SET timezone = 'UTC';
\if :{?any_zone}
\getenv zone ENGAGE_ZONE
\if :{?zone}
SET timezone = :'zone';
\endif
\endif

-- Parallel plans only where a test asks for them, in every setting of a run.
SELECT set_config(name, 'off', false) IS NULL AS parallel_forced
FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query') \gset

SET search_path = engage, engage_internal, public;
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
\set ECHO all
