/*
 * Scheduling with pg_cron, and the health of it all.
 */

CREATE FUNCTION engage.jobs(OUT job text, OUT command text, OUT fixed_schedule text) RETURNS SETOF record
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	VALUES ('engage:refresh', 'CALL engage.refresh()', NULL),
		('engage:verify', 'SELECT engage.check_sample()', '17 3 * * *'),
		('engage:housekeeping', 'SELECT engage.housekeeping()', '47 3 * * *');
END;
COMMENT ON FUNCTION engage.jobs() IS
	'The jobs that schedule() registers: name, command, and the schedule of those that have one of their own.';

CREATE FUNCTION engage.schedule_statements(cron text, database name, login name, OUT job text, OUT statement text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT j.job, format('SELECT cron.schedule_in_database(%L, %L, %L, %L, %L);',
		j.job, COALESCE(j.fixed_schedule, cron), j.command, database, login)
	FROM engage.jobs() j;
END;
COMMENT ON FUNCTION engage.schedule_statements(text, name, name) IS
	'What a superuser is to run, in the database that has pg_cron, to schedule the jobs of this one for a login. For schedule().';

CREATE FUNCTION engage.has_pg_cron() RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_extension e WHERE e.extname = 'pg_cron') THEN
		RETURN false;
	END IF;
	IF NOT has_schema_privilege('cron', 'USAGE') THEN
		RAISE EXCEPTION 'login "%" may not use pg_cron', CURRENT_USER
			USING ERRCODE = 'insufficient_privilege', HINT = format('GRANT USAGE ON SCHEMA cron TO %I;', CURRENT_USER);
	END IF;
	RETURN true;
END
$$;
COMMENT ON FUNCTION engage.has_pg_cron() IS
	'Whether this database has pg_cron; an error (42501) if it has and the login may not use it. For schedule().';

CREATE FUNCTION engage.schedule(cron text DEFAULT '* * * * *', OUT job text, OUT job_id bigint) RETURNS SETOF record
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	next record;
	cron_database text;
	elsewhere text;
BEGIN
	-- five fields, of which the first three are not words; pg_cron looks closer
	IF schedule.cron IS NULL OR schedule.cron !~* '^\s*(([0-9*][-0-9*,/]*\s+){3}\S+\s+\S+|[1-5]?[0-9] +seconds?|@[a-z]+)\s*$' THEN
		RAISE EXCEPTION '"%" is not a cron schedule', COALESCE(schedule.cron, 'NULL')
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Every minute: SELECT engage.schedule(''* * * * *''); every five minutes: ''*/5 * * * *''; every day at 6 am: ''0 6 * * *''.';
	END IF;
	IF engage.has_pg_cron() THEN
		FOR next IN SELECT j.* FROM engage.jobs() j LOOP
			job := next.job;
			EXECUTE 'SELECT cron.schedule($1, $2, $3)' INTO job_id
				USING next.job, COALESCE(next.fixed_schedule, schedule.cron), next.command;
			RETURN NEXT;
		END LOOP;
		RETURN;
	END IF;

	BEGIN
		cron_database := current_setting('cron.database_name', true);
	EXCEPTION WHEN insufficient_privilege THEN
		cron_database := '';		-- there is one, for others to read
	END;
	SELECT string_agg(s.statement, E'\n') INTO elsewhere
	FROM engage.schedule_statements(schedule.cron, current_database(), CURRENT_USER) s;
	RAISE EXCEPTION 'pg_cron 1.4 or later is not installed in this database'
		USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = CASE
				WHEN cron_database IS NULL THEN 'The server does not load pg_cron'
				WHEN cron_database = '' THEN 'The server loads pg_cron for the database that cron.database_name names'
				WHEN cron_database = current_database() THEN 'The server loads pg_cron for this database'
				ELSE format('The server loads pg_cron for database "%s"', cron_database) END
				|| '; CALL engage.refresh() works by hand.',
			HINT = CASE
				WHEN cron_database IS NULL THEN 'Install the package of pg_cron, set shared_preload_libraries = ''pg_cron'' and cron.database_name = '''
					|| current_database() || ''', restart, and CREATE EXTENSION pg_cron.'
				WHEN cron_database = current_database() THEN 'CREATE EXTENSION pg_cron;'
				WHEN cron_database = '' THEN format('If SHOW cron.database_name tells a superuser "%s", CREATE EXTENSION pg_cron; otherwise connect as a superuser to the database it tells and run:',
					current_database()) || E'\n' || elsewhere
				ELSE format('Connect as a superuser to "%s" and run:', cron_database) || E'\n' || elsewhere END;
END
$$;
COMMENT ON FUNCTION engage.schedule(text) IS
	'Registers the jobs engage:refresh, on the given cron schedule, engage:verify and engage:housekeeping, nightly, with pg_cron, as jobs of the current login in this database. Calling it again changes the schedule. What is no cron schedule is refused (22023). Where pg_cron is missing or lives in another database, the error (55000) says what to do.';

CREATE FUNCTION engage.unschedule() RETURNS SETOF text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	next text;
BEGIN
	IF NOT engage.has_pg_cron() THEN
		RAISE EXCEPTION 'pg_cron is not installed in this database'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				HINT = E'Where it lives in another database, connect there as a superuser and run:\n'
					|| format('SELECT cron.unschedule(j.jobid) FROM cron.job j WHERE j.jobname LIKE ''engage:%%'' AND j.database = %L AND j.username = %L;',
						current_database(), CURRENT_USER);
	END IF;
	FOR next IN EXECUTE 'SELECT j.jobname FROM cron.job j JOIN engage.jobs() e ON e.job = j.jobname '
		'WHERE j.database = current_database() AND j.username = CURRENT_USER ORDER BY 1' LOOP
		EXECUTE format('SELECT cron.unschedule(%L)', next);
		RETURN NEXT next;
	END LOOP;
END
$$;
COMMENT ON FUNCTION engage.unschedule() IS
	'Removes the jobs that schedule() registered for this login and database; returns their names. Where pg_cron is missing or lives in another database, the error (55000) says what to run there.';

CREATE TABLE engage.verification (
	verified_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	sample double precision NOT NULL,
	problems bigint NOT NULL
);
COMMENT ON TABLE engage.verification IS 'What the scheduled checks of a sample found: no problems, or how many.';
SELECT pg_catalog.pg_extension_config_dump('engage.verification', '');

-- definer: the scheduled job needs no rights on contacts, callers or flags
CREATE FUNCTION engage.check_sample(sample double precision DEFAULT 0.01) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	found_problems bigint;
BEGIN
	SELECT count(*) INTO found_problems FROM engage.verify(sample);
	INSERT INTO engage.verification (sample, problems) VALUES (check_sample.sample, found_problems);
	RETURN found_problems;
END
$$;
COMMENT ON FUNCTION engage.check_sample(double precision) IS
	'Runs verify() on a share of all subjects, records the number of problems for health(), and returns it.';

-- definer: the scheduled job needs no rights on runs
CREATE FUNCTION engage.housekeeping() RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	deleted bigint;
BEGIN
	DELETE FROM engage.verification v USING engage.policy o WHERE v.verified_at < now() - o.keep_runs_for;
	DELETE FROM engage.refresh_run r USING engage.policy o WHERE r.started_at < now() - o.keep_runs_for;
	GET DIAGNOSTICS deleted = ROW_COUNT;
	RETURN deleted;
END
$$;
COMMENT ON FUNCTION engage.housekeeping() IS
	'Deletes refresh runs and verifications older than policy.keep_runs_for; returns how many runs.';

-- definer: those who watch see states and counts, not the tables behind them
CREATE FUNCTION engage.health(OUT item text, OUT status text, OUT value text, OUT advice text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT 'setup', CASE WHEN count(*) = 0 THEN 'failed' ELSE 'ok' END,
		COALESCE(min('zone ' || o.zone || ', region ' || o.region), 'not set up'),
		CASE WHEN count(*) = 0 THEN 'SELECT engage.setup();' END
	FROM engage.policy o
	UNION ALL
	SELECT 'rules', CASE WHEN count(*) = 0 THEN 'warning' ELSE 'ok' END,
		COALESCE(string_agg(r.name || ' version ' || r.version, ', ' ORDER BY r.name), 'no rule is in force'),
		CASE WHEN count(*) = 0 THEN 'SELECT engage.adopt_rules(''kent_v2'');' END
	FROM engage.rule r WHERE r.valid_from <= now() AND r.valid_to > now()
	UNION ALL
	SELECT 'last run', CASE last.state WHEN 'done' THEN 'ok' WHEN 'running' THEN 'ok' ELSE COALESCE(NULLIF(last.state, 'died'), 'failed') END,
		format('run %s %s, started %s, %s steps', last.run_id, last.state, last.started_at, last.steps)
			|| COALESCE(': ' || last.error_code || ' ' || last.error_message, ''),
		CASE WHEN last.state IN ('failed', 'died') THEN 'Mend the cause; the next refresh goes on where this one stopped.' END
	FROM (SELECT r.* FROM engage.refresh_run r ORDER BY r.run_id DESC LIMIT 1) last
	UNION ALL
	SELECT 'last success',
		CASE WHEN max(r.finished_at) IS NULL OR now() - max(r.finished_at) > max(o.lag_allowed) THEN 'warning' ELSE 'ok' END,
		COALESCE(max(r.finished_at)::text, 'never'),
		CASE WHEN max(r.finished_at) IS NULL OR now() - max(r.finished_at) > max(o.lag_allowed)
			THEN 'CALL engage.refresh(), or SELECT engage.schedule() to have it called.' END
	FROM engage.policy o LEFT JOIN engage.refresh_run r ON r.state = 'done'
	UNION ALL
	SELECT 'lag', CASE WHEN now() - min(q.at) > (SELECT o.lag_allowed FROM engage.policy o) THEN 'warning' ELSE 'ok' END,
		COALESCE(date_trunc('second', GREATEST(clock_timestamp() - min(q.at), interval '0'))::text, '00:00:00'),
		CASE WHEN now() - min(q.at) > (SELECT o.lag_allowed FROM engage.policy o) THEN 'The oldest change waits longer than policy.lag_allowed.' END
	FROM engage.dirty q
	UNION ALL
	SELECT 'backlog', 'ok', count(*)::text || ' changes wait', NULL FROM engage.dirty q
	UNION ALL
	SELECT 'failures', CASE WHEN count(*) > 0 THEN 'warning' ELSE 'ok' END, count(*)::text || ' failed or died in 24 hours',
		CASE WHEN count(*) > 0 THEN 'SELECT * FROM engage.refresh_run WHERE state IN (''failed'', ''died'') ORDER BY run_id DESC;' END
	FROM engage.refresh_run r WHERE r.state IN ('failed', 'died') AND r.started_at > now() - interval '24 hours'
	UNION ALL
	SELECT 'capture', CASE WHEN count(*) = 18 THEN 'ok' ELSE 'failed' END, count(*)::text || ' of 18 triggers are always enabled',
		CASE WHEN count(*) <> 18 THEN 'ALTER TABLE ... ENABLE ALWAYS TRIGGER for those of engage.contact, known_number, policy, rule, linkage_model, risk_model, harm_weight, marker_kind, district and incident_code, then CALL engage.rebuild().' END
	FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
	WHERE c.relnamespace = 'engage'::regnamespace
		AND c.relname IN ('contact', 'known_number', 'policy', 'rule', 'linkage_model', 'risk_model', 'harm_weight', 'marker_kind', 'district', 'incident_code')
		AND NOT t.tgisinternal AND t.tgenabled = 'A'
	UNION ALL
	SELECT 'verification', CASE WHEN v.problems > 0 THEN 'failed' ELSE 'ok' END,
		format('%s problems in a sample of %s at %s', v.problems, v.sample, v.verified_at),
		CASE WHEN v.problems > 0 THEN 'SELECT * FROM engage.verify(); CALL engage.rebuild(); and report it as a bug.' END
	FROM (SELECT x.* FROM engage.verification x ORDER BY x.verified_at DESC LIMIT 1) v
	UNION ALL
	SELECT 'library', CASE WHEN e.extversion = engage.library_version() AND engage.script_build() = engage.library_build() THEN 'ok' ELSE 'warning' END,
		format('library %s, extension %s', engage.library_version(), e.extversion)
			|| CASE WHEN engage.script_build() <> engage.library_build()
				THEN format(', of different builds (%s, %s)', engage.library_build(), engage.script_build()) ELSE '' END,
		CASE WHEN e.extversion <> engage.library_version() THEN 'ALTER EXTENSION engage UPDATE;'
			WHEN engage.script_build() <> engage.library_build()
			THEN 'Install library and script of the same build, and connect again. Where that leaves this warning, the extension was created by another build: dump the database and restore it into a new one.' END
	FROM pg_extension e WHERE e.extname = 'engage';
END;
COMMENT ON FUNCTION engage.health() IS
	'One row an item: ok, warning or failed, what it stands at, and what to do. Last run and success, lag of the oldest change, backlog, failures, capture triggers, verification, library. Shows no personal data.';

CREATE FUNCTION engage.job_health(OUT job text, OUT schedule text, OUT active boolean, OUT last_start timestamptz,
		OUT last_status text, OUT last_message text) RETURNS SETOF record
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT engage.has_pg_cron() THEN
		RETURN;
	END IF;
	RETURN QUERY EXECUTE 'SELECT j.jobname::text, j.schedule, j.active, d.start_time, d.status, d.return_message '
		'FROM cron.job j LEFT JOIN LATERAL (SELECT * FROM cron.job_run_details d WHERE d.jobid = j.jobid '
		'ORDER BY d.runid DESC LIMIT 1) d ON true '
		'WHERE j.database = current_database() AND j.jobname IN (SELECT e.job FROM engage.jobs() e) ORDER BY 1';
END
$$;
COMMENT ON FUNCTION engage.job_health() IS
	'The scheduled jobs as pg_cron sees them, with their last run; no row where pg_cron lives in another database. Shows what the caller may see of pg_cron.';
