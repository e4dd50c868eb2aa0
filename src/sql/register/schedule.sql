/*
 * Scheduling with pg_cron, and the health of the whole system.
 */

CREATE FUNCTION engage.jobs(OUT job text, OUT command text, OUT fixed_schedule text) RETURNS SETOF record
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	VALUES ('engage:refresh', 'CALL engage.refresh()', NULL),
		('engage:verify', 'SELECT engage.check_sample()', '17 3 * * *'),
		('engage:housekeeping', 'SELECT engage.housekeeping()', '47 3 * * *');
END;
COMMENT ON FUNCTION engage.jobs() IS
	'The jobs that schedule() registers: name, command, and for some a fixed schedule.';

CREATE FUNCTION engage_internal.schedule_statements(cron text, database name, login name, OUT job text, OUT statement text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT j.job, format('SELECT cron.schedule_in_database(%L, %L, %L, %L, %L);',
		j.job, COALESCE(j.fixed_schedule, cron), j.command, database, login)
	FROM engage.jobs() j;
END;
COMMENT ON FUNCTION engage_internal.schedule_statements(text, name, name) IS
	'The statements that a superuser must run, in the database that has pg_cron, to schedule the jobs of this one for a login. For schedule().';

CREATE FUNCTION engage_internal.has_pg_cron() RETURNS boolean
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
COMMENT ON FUNCTION engage_internal.has_pg_cron() IS
	'Whether this database has pg_cron; an error (42501) if it has and the login may not use it. For schedule().';

CREATE FUNCTION engage.schedule(cron text DEFAULT '* * * * *', OUT job text, OUT job_id bigint) RETURNS SETOF record
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	next record;
	held record;
	cron_database text;
	elsewhere text;
BEGIN
	-- five fields, the first three without letters; pg_cron checks the rest
	IF schedule.cron IS NULL OR schedule.cron !~* '^\s*(([0-9*][-0-9*,/]*\s+){3}\S+\s+\S+|[1-5]?[0-9] +seconds?|@[a-z]+)\s*$' THEN
		RAISE EXCEPTION '"%" is not a cron schedule', COALESCE(schedule.cron, 'NULL')
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Every minute: SELECT engage.schedule(''* * * * *''); every five minutes: ''*/5 * * * *''; every day at 6 am: ''0 6 * * *''.';
	END IF;
	IF engage_internal.has_pg_cron() THEN
		FOR next IN SELECT j.* FROM engage.jobs() j LOOP
			job := next.job;
			-- pg_cron would not change the database of an existing job, nor whether it is active
			EXECUTE 'SELECT j.jobid, j.database, EXISTS (SELECT FROM pg_database d WHERE d.datname = j.database) AS is_there '
				'FROM cron.job j WHERE j.jobname = $1 AND j.username = CURRENT_USER AND (j.database <> current_database() OR NOT j.active)'
			INTO held USING next.job;
			IF held.database <> current_database() AND held.is_there THEN
				RAISE EXCEPTION 'login "%" has a job "%" for database "%"', CURRENT_USER, next.job, held.database
					USING ERRCODE = 'duplicate_object',
						HINT = format('Use a login of its own for each database that has engage, or first, as a superuser: SELECT cron.unschedule(%s);', held.jobid);
			ELSIF held.jobid IS NOT NULL THEN
				EXECUTE 'SELECT cron.unschedule($1)' USING held.jobid;
			END IF;
			EXECUTE 'SELECT cron.schedule($1, $2, $3)' INTO job_id
				USING next.job, COALESCE(next.fixed_schedule, schedule.cron), next.command;
			RETURN NEXT;
		END LOOP;
		RETURN;
	END IF;

	BEGIN
		cron_database := current_setting('cron.database_name', true);
	EXCEPTION WHEN insufficient_privilege THEN
		cron_database := '';		-- it exists, but this login may not read it
	END;
	SELECT string_agg(s.statement, E'\n') INTO elsewhere
	FROM engage_internal.schedule_statements(schedule.cron, current_database(), CURRENT_USER) s;
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
				WHEN cron_database = '' THEN format('If SHOW cron.database_name, run by a superuser, gives "%s", CREATE EXTENSION pg_cron; otherwise connect as a superuser to the database it gives and run:',
					current_database()) || E'\n' || elsewhere
				ELSE format('Connect as a superuser to "%s" and run:', cron_database) || E'\n' || elsewhere END;
END
$$;
COMMENT ON FUNCTION engage.schedule(text) IS
	'Registers the jobs engage:refresh, on the given cron schedule, engage:verify and engage:housekeeping, nightly, with pg_cron, as jobs of the current login in this database. Call it again to change the schedule, to reactivate jobs, or to take over the jobs of a database that was renamed. Errors: 22023 if it is not a cron schedule; 55000, with what to do, if pg_cron is missing or in another database; 42710 if the login has such jobs for another database.';

CREATE FUNCTION engage.unschedule() RETURNS SETOF text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	next text;
	job_id bigint;
BEGIN
	IF NOT engage_internal.has_pg_cron() THEN
		RAISE EXCEPTION 'pg_cron is not installed in this database'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				HINT = E'If it is in another database, connect there as a superuser and run:\n'
					|| format('SELECT cron.unschedule(j.jobid) FROM cron.job j WHERE j.jobname LIKE ''engage:%%'' AND j.database = %L AND j.username = %L;',
						current_database(), CURRENT_USER);
	END IF;
	FOR next, job_id IN EXECUTE 'SELECT j.jobname, j.jobid FROM cron.job j JOIN engage.jobs() e ON e.job = j.jobname '
		'WHERE j.username = CURRENT_USER AND (j.database = current_database() OR NOT EXISTS (SELECT FROM pg_database d WHERE d.datname = j.database)) '
		'ORDER BY 1' LOOP
		EXECUTE 'SELECT cron.unschedule($1)' USING job_id;
		RETURN NEXT next;
	END LOOP;
END
$$;
COMMENT ON FUNCTION engage.unschedule() IS
	'Removes the jobs that schedule() registered for this login and database, or for a database that was renamed or dropped since; returns their names. If pg_cron is missing or in another database, the error (55000) says what to run there.';

CREATE TABLE engage.verification (
	verified_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	sample double precision NOT NULL,
	problems bigint NOT NULL
);
COMMENT ON TABLE engage.verification IS 'What the scheduled checks of a sample found: no problems, or how many.';
SELECT pg_extension_config_dump('engage.verification', '');

-- definer: the scheduled job needs no rights on contacts, callers or flags
CREATE FUNCTION engage.check_sample(sample double precision DEFAULT 0.01) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	found_problems bigint;
BEGIN
	sample := COALESCE(sample, 0.01);
	SELECT count(*) INTO found_problems FROM engage.verify(check_sample.sample);
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

CREATE FUNCTION engage_internal.capture_triggers(OUT table_name text, OUT trigger_name text, OUT fires "char", OUT is_enabled boolean) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	-- A always, R for rows that logical replication applies
	SELECT w.table_name, w.trigger_name, w.fires::"char", COALESCE(t.tgenabled IN ('A', w.fires), false)
	FROM (VALUES ('contact', 'contact_identity_details', 'A'), ('contact', 'contact_inserted', 'A'), ('contact', 'contact_updated', 'A'),
		('contact', 'contact_deleted', 'A'), ('contact', 'contact_truncated', 'A'), ('contact', 'contact_applied', 'R'),
		('known_number', 'known_number_inserted', 'A'), ('known_number', 'known_number_updated', 'A'), ('known_number', 'known_number_deleted', 'A'),
		('known_number', 'known_number_truncated', 'A'), ('known_number', 'known_number_applied', 'R'),
		('filler', 'filler_inserted', 'A'), ('filler', 'filler_updated', 'A'), ('filler', 'filler_deleted', 'A'), ('filler', 'filler_truncated', 'A'),
		('filler', 'filler_applied', 'R'),
		('policy', 'policy_changed', 'A'), ('policy', 'policy_applied', 'R'), ('policy', 'flag_currency_changed', 'A'), ('policy', 'flag_currency_applied', 'R'),
		('rule', 'rule_changed', 'A'), ('linkage_model', 'linkage_model_changed', 'A'), ('risk_model', 'risk_model_changed', 'A'),
		('harm_weight', 'harm_weight_changed', 'A'), ('harm_weight', 'harm_weight_applied', 'R'),
		('channel', 'channel_changed', 'A'), ('channel', 'channel_applied', 'R'),
		('marker_kind', 'marker_kind_changed', 'A'), ('marker_kind', 'marker_kind_applied', 'R'),
		('district', 'district_changed', 'A'), ('district', 'district_applied', 'R'),
		('incident_code', 'incident_code_changed', 'A'), ('incident_code', 'incident_code_applied', 'R')) w (table_name, trigger_name, fires)
	LEFT JOIN pg_class c ON c.relnamespace = 'engage'::regnamespace AND c.relname = w.table_name
	LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgname = w.trigger_name;
END;
COMMENT ON FUNCTION engage_internal.capture_triggers() IS
	'The triggers that fill the queue, when each fires (A: always, R: for rows that logical replication applies), and whether it is enabled. For health() and repair_capture().';

-- definer: administrators repair without being owner of the tables
CREATE FUNCTION engage.repair_capture() RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wrong record;
	repaired bigint := 0;
BEGIN
	FOR wrong IN
		SELECT c.table_name, c.trigger_name, CASE c.fires WHEN 'A' THEN 'ALWAYS' ELSE 'REPLICA' END AS fires
		FROM engage_internal.capture_triggers() c WHERE NOT c.is_enabled
	LOOP
		EXECUTE format('ALTER TABLE engage.%I ENABLE %s TRIGGER %I', wrong.table_name, wrong.fires, wrong.trigger_name);
		repaired := repaired + 1;
	END LOOP;
	-- the other triggers, which check what is written, are simply enabled
	FOR wrong IN
		SELECT c.relname AS table_name, t.tgname AS trigger_name
		FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
		WHERE c.relnamespace = 'engage'::regnamespace AND NOT t.tgisinternal AND t.tgenabled = 'D'
	LOOP
		EXECUTE format('ALTER TABLE engage.%I ENABLE TRIGGER %I', wrong.table_name, wrong.trigger_name);
		repaired := repaired + 1;
	END LOOP;
	IF repaired > 0 THEN
		UPDATE engage.contact c SET identity_details = engage_internal.pick_identity_details(c.details)
		WHERE c.identity_details IS DISTINCT FROM engage_internal.pick_identity_details(c.details);
		INSERT INTO engage_internal.dirty (subject, cause) VALUES ('everything', 'repair');
	END IF;
	RETURN repaired;
END
$$;
COMMENT ON FUNCTION engage.repair_capture() IS
	'Enables disabled triggers of engage''s tables again, and has the next refresh recompute everything, since changes in the meantime are unknown. Returns how many it enabled; 0, with nothing queued, if none was disabled.';

CREATE FUNCTION engage_internal.job_state() RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	state jsonb;
BEGIN
	IF NOT EXISTS (SELECT FROM pg_extension e WHERE e.extname = 'pg_cron') THEN
		-- the name is shown only to logins that may see all settings
		RETURN jsonb_build_object('seen', false, 'elsewhere', CASE WHEN pg_has_role('pg_read_all_settings', 'USAGE')
			THEN NULLIF(current_setting('cron.database_name', true), current_database()) END);
	ELSIF NOT has_schema_privilege('cron', 'USAGE') OR to_regclass('cron.job_run_details') IS NULL
		OR NOT has_table_privilege('cron.job', 'SELECT') OR NOT has_table_privilege('cron.job_run_details', 'SELECT') THEN
		RETURN jsonb_build_object('seen', false, 'hidden', true);
	END IF;
	EXECUTE 'SELECT jsonb_agg(jsonb_build_object(''job'', j.jobname, ''jobid'', j.jobid, ''login'', j.username, ''schedule'', j.schedule, ''active'', j.active, '
			'''missing'', CASE WHEN NOT EXISTS (SELECT FROM pg_database d WHERE d.datname = j.database) THEN j.database END, '
			'''status'', l.status, ''message'', regexp_replace(split_part(btrim(l.return_message, E'' \n''), E''\n'', 1), ''^ERROR: +'', ''''), ''failures'', l.failures) ORDER BY j.jobname, j.username) '
		'FROM cron.job j LEFT JOIN ('
			'SELECT d.jobid, (array_agg(d.status ORDER BY d.runid DESC))[1] AS status, (array_agg(d.return_message ORDER BY d.runid DESC))[1] AS return_message, '
				'count(*) FILTER (WHERE d.status = ''failed'' AND COALESCE(d.start_time, d.end_time, now()) > now() - interval ''24 hours'') AS failures '
			-- pg_cron keeps all runs, and has no index on their times
			'FROM (SELECT * FROM cron.job_run_details r ORDER BY r.runid DESC LIMIT 10000) d '
			'WHERE d.status IN (''succeeded'', ''failed'') GROUP BY d.jobid) l ON l.jobid = j.jobid '
		'WHERE j.jobname IN (SELECT e.job FROM engage.jobs() e) '
			'AND (j.database = current_database() OR NOT EXISTS (SELECT FROM pg_database d WHERE d.datname = j.database))'
	INTO state;
	RETURN jsonb_build_object('seen', true, 'jobs', COALESCE(state, '[]'));
END
$$;
COMMENT ON FUNCTION engage_internal.job_state() IS
	'This database''s jobs in pg_cron, as far as the caller may see them, and how their last runs went: for health(). pg_cron shows jobs to the login that they run as, and to superusers.';

CREATE FUNCTION engage_internal.job_problems(jobs jsonb, OUT job text, OUT is_missing boolean, OUT is_active boolean, OUT has_failed boolean,
		OUT failures bigint, OUT problem text, OUT cure text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT j.job, j.missing IS NOT NULL, j.active, j.status = 'failed', j.failures,
		CASE WHEN j.missing IS NOT NULL THEN format('%s is for database "%s", which does not exist', j.job, j.missing)
			WHEN NOT j.active THEN j.job || ' is not active'
			WHEN j.status = 'failed' THEN j.job || ' failed: ' || COALESCE(NULLIF(j.message, ''), 'pg_cron does not say why') END,
		CASE WHEN j.missing IS NOT NULL THEN format('If the database was renamed to this one, as login "%s": SELECT engage.schedule(%L);', j.login,
				(SELECT x.schedule FROM jsonb_to_recordset(jobs -> 'jobs') x (job text, schedule text) WHERE x.job = 'engage:refresh' LIMIT 1))
			WHEN NOT j.active THEN format('As a superuser: SELECT cron.alter_job(%s, active => true);', j.jobid)
			WHEN j.status = 'failed' AND j.message ~ 'statement timeout' THEN
				format('ALTER ROLE %I IN DATABASE %I SET statement_timeout = 0;', j.login, current_database())
			WHEN j.status = 'failed' THEN 'Cure what it names. SELECT * FROM engage.job_health(); has each job''s last run.' END
	FROM jsonb_to_recordset(jobs -> 'jobs') j (job text, jobid bigint, login text, schedule text, active boolean, missing text, status text, message text, failures bigint);
END;
COMMENT ON FUNCTION engage_internal.job_problems(jsonb) IS
	'What is wrong with each job that job_state() lists, NULL if nothing, and what cures it. Part of health().';

CREATE FUNCTION engage_internal.health_of_runs(jobs jsonb, OUT item text, OUT status text, OUT value text, OUT advice text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT 'last run', CASE last.state WHEN 'done' THEN 'ok' WHEN 'running' THEN 'ok' ELSE COALESCE(NULLIF(last.state, 'died'), 'failed') END,
		format('run %s %s, started %s, %s steps', last.run_id, last.state, last.started_at, last.steps)
			|| COALESCE(': ' || last.error_code || ' ' || last.error_message, ''),
		CASE WHEN last.state = 'failed' THEN 'Cure what the message names; the next refresh goes on where this one stopped.'
			WHEN last.state = 'died' THEN 'Its session ended, as by a statement_timeout, a cancel or a crash: the server''s log says which. The next refresh goes on where this one stopped.' END
	FROM (SELECT r.* FROM engage.refresh_run r ORDER BY r.run_id DESC LIMIT 1) last
	UNION ALL
	SELECT 'last success',
		CASE WHEN max(r.finished_at) IS NULL OR now() - max(r.finished_at) > max(o.lag_allowed) THEN 'warning' ELSE 'ok' END,
		COALESCE(max(r.finished_at)::text, 'never'),
		CASE WHEN (max(r.finished_at) IS NULL OR now() - max(r.finished_at) > max(o.lag_allowed)) IS NOT TRUE THEN NULL
			WHEN EXISTS (SELECT FROM engage_internal.job_problems(jobs) j WHERE j.job = 'engage:refresh' AND j.problem IS NOT NULL) THEN 'See item jobs.'
			WHEN (SELECT x.state IN ('failed', 'died') FROM engage.refresh_run x ORDER BY x.run_id DESC LIMIT 1) THEN 'See item last run.'
			WHEN EXISTS (SELECT FROM engage_internal.job_problems(jobs) j WHERE j.job = 'engage:refresh') THEN
				'engage:refresh is scheduled and has not failed: it is waiting for its turn, for another session, or for pg_cron; see the server''s log.'
			WHEN (jobs ->> 'hidden')::boolean OR jobs ->> 'elsewhere' IS NOT NULL THEN 'Have the login that schedules look at pg_cron''s cron.job_run_details; CALL engage.refresh(); works by hand.'
			ELSE 'CALL engage.refresh(), or SELECT engage.schedule() to have it called.' END
	FROM engage.policy o LEFT JOIN engage.refresh_run r ON r.state = 'done'
	UNION ALL
	SELECT 'lag', CASE WHEN now() - min(q.at) > (SELECT o.lag_allowed FROM engage.policy o) THEN 'warning' ELSE 'ok' END,
		COALESCE(date_trunc('second', GREATEST(clock_timestamp() - min(q.at), interval '0'))::text, '00:00:00'),
		CASE WHEN now() - min(q.at) > (SELECT o.lag_allowed FROM engage.policy o) THEN 'The oldest change waits longer than policy.lag_allowed.' END
	FROM (SELECT x.at FROM engage_internal.dirty x UNION ALL SELECT l.due_at FROM engage_internal.later l WHERE l.due_at <= now()) q
	UNION ALL
	SELECT 'backlog', 'ok', count(*)::text || ' changes wait', NULL FROM engage_internal.dirty q
	UNION ALL
	SELECT 'failures', CASE WHEN f.runs > 0 OR f.of_jobs > 0 THEN 'warning' ELSE 'ok' END,
		f.runs || ' failed or died in 24 hours' || COALESCE(NULLIF(format(', %s by pg_cron''s count', f.of_jobs), ', 0 by pg_cron''s count'), ''),
		CASE WHEN f.runs > 0 THEN 'SELECT * FROM engage.refresh_run WHERE state IN (''failed'', ''died'') ORDER BY run_id DESC;'
			WHEN f.of_jobs > 0 THEN 'SELECT * FROM cron.job_run_details WHERE status = ''failed'' ORDER BY runid DESC LIMIT 20;' END
	FROM (SELECT (SELECT count(*) FROM engage.refresh_run r WHERE r.state IN ('failed', 'died') AND r.started_at > now() - interval '24 hours') AS runs,
		(SELECT COALESCE(sum(j.failures), 0) FROM engage_internal.job_problems(jobs) j) AS of_jobs) f;
END;
COMMENT ON FUNCTION engage_internal.health_of_runs(jsonb) IS
	'The items of health() on the runs of refresh and what waits for them. Part of health().';

CREATE FUNCTION engage_internal.health_of_jobs(jobs jsonb, OUT item text, OUT status text, OUT value text, OUT advice text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT 'jobs', CASE WHEN bool_or(j.is_missing OR j.has_failed) THEN 'failed' WHEN bool_or(NOT j.is_active) THEN 'warning' ELSE 'ok' END,
		CASE WHEN (jobs ->> 'hidden')::boolean THEN 'not shown to this login: pg_cron shows jobs to the login that scheduled them'
			WHEN jobs ->> 'elsewhere' IS NOT NULL THEN format('pg_cron lives in database "%s": look there at cron.job_run_details', jobs ->> 'elsewhere')
			WHEN NOT (jobs ->> 'seen')::boolean THEN 'this database has no pg_cron'
			ELSE COALESCE(string_agg(j.problem, '; ' ORDER BY j.job), string_agg(j.job, ', ' ORDER BY j.job), 'none is scheduled') END,
		string_agg(DISTINCT j.cure, ' ')
	FROM engage_internal.job_problems(jobs) j;
END;
COMMENT ON FUNCTION engage_internal.health_of_jobs(jsonb) IS
	'The item of health() on the jobs of pg_cron. Part of health().';

CREATE FUNCTION engage_internal.health_of_installation(OUT item text, OUT status text, OUT value text, OUT advice text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT 'capture', CASE WHEN bool_and(t.is_enabled) THEN 'ok' ELSE 'failed' END,
		format('%s of %s triggers are enabled', count(*) FILTER (WHERE t.is_enabled), count(*))
			|| COALESCE(', not ' || string_agg(t.trigger_name, ', ' ORDER BY t.trigger_name) FILTER (WHERE NOT t.is_enabled), ''),
		CASE WHEN NOT bool_and(t.is_enabled) THEN 'SELECT engage.repair_capture(); CALL engage.refresh();' END
	FROM engage_internal.capture_triggers() t
	UNION ALL
	SELECT 'replication', 'failed', format('subscription "%s" writes to %s, which refresh makes', s.subname, string_agg(c.relname::text, ', ' ORDER BY c.relname)),
		'ALTER PUBLICATION ... DROP TABLE there, ALTER SUBSCRIPTION ... REFRESH PUBLICATION here, then CALL engage.rebuild();'
	FROM pg_subscription_rel r JOIN pg_subscription s ON s.oid = r.srsubid JOIN pg_class c ON c.oid = r.srrelid
	WHERE c.relnamespace = ANY ('{engage,engage_internal}'::regnamespace[])
		AND c.relname IN ('persona', 'persona_timeline', 'caller', 'flag', 'link', 'dirty', 'persona_block', 'block_large', 'shared_number', 'merge_event',
			'caller_risk', 'risk_state', 'linkage_state', 'refresh_run', 'daily_count', 'hourly_count', 'feed_count', 'roster', 'roster_month', 'calendar', 'caller_pseudonym')
	GROUP BY s.subname
	UNION ALL
	SELECT 'verification', CASE WHEN v.problems > 0 THEN 'failed' ELSE 'ok' END,
		format('%s problems in a sample of %s at %s', v.problems, v.sample, v.verified_at),
		CASE WHEN v.problems > 0 THEN 'SELECT * FROM engage.verify(); CALL engage.rebuild(); and report it as a bug.' END
	FROM (SELECT x.* FROM engage.verification x ORDER BY x.verified_at DESC LIMIT 1) v
	UNION ALL
	SELECT 'library', CASE WHEN e.extversion = engage.library_version() AND engage_internal.script_build() = engage_internal.library_build() THEN 'ok' ELSE 'warning' END,
		format('library %s, extension %s', engage.library_version(), e.extversion)
			|| CASE WHEN engage_internal.script_build() <> engage_internal.library_build()
				THEN format(', of different builds (%s, %s)', engage_internal.library_build(), engage_internal.script_build()) ELSE '' END,
		CASE WHEN e.extversion <> engage.library_version() THEN 'ALTER EXTENSION engage UPDATE;'
			WHEN engage_internal.script_build() <> engage_internal.library_build()
			THEN 'Install library and script of the same build, and connect again. Where that leaves this warning, the extension was created by another build: dump the database and restore it into a new one.' END
	FROM pg_extension e WHERE e.extname = 'engage';
END;
COMMENT ON FUNCTION engage_internal.health_of_installation() IS
	'The items of health() on triggers, replication, the last verification and the library. Part of health().';

-- definer: people who monitor see states and counts, not the tables behind them
CREATE FUNCTION engage_internal.health_given(jobs jsonb, OUT item text, OUT status text, OUT value text, OUT advice text) RETURNS SETOF record
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
	FROM engage.rule r WHERE engage_internal.is_in_force(r.valid_from, r.valid_to, now())
	UNION ALL
	SELECT r.item, r.status, r.value, r.advice FROM engage_internal.health_of_runs(jobs) r
	UNION ALL
	SELECT j.item, j.status, j.value, j.advice FROM engage_internal.health_of_jobs(jobs) j
	UNION ALL
	SELECT i.item, i.status, i.value, i.advice FROM engage_internal.health_of_installation() i
	UNION ALL
	SELECT r.item, r.status, r.value, r.advice FROM engage_internal.row_health() r;
END;
COMMENT ON FUNCTION engage_internal.health_given(jsonb) IS
	'The items of health(), given what job_state() reports about pg_cron. Part of health().';

CREATE FUNCTION engage.health(OUT item text, OUT status text, OUT value text, OUT advice text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	-- pg_cron's jobs are read with the caller's rights, everything else with the owner's
	SELECT h.* FROM engage_internal.health_given(engage_internal.job_state()) h;
END;
COMMENT ON FUNCTION engage.health() IS
	'One row per item: ok, warning or failed, its current value, and what to do. Last run and success, lag of the oldest change, backlog, failures, pg_cron''s jobs as far as the caller may see them, capture triggers, replication, verification, library. Shows no personal data.';

CREATE FUNCTION engage.job_health(OUT job text, OUT schedule text, OUT active boolean, OUT last_start timestamptz,
		OUT last_status text, OUT last_message text) RETURNS SETOF record
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT engage_internal.has_pg_cron() THEN
		RETURN;
	END IF;
	RETURN QUERY EXECUTE 'SELECT j.jobname::text, j.schedule, j.active, d.start_time, d.status, d.return_message '
		'FROM cron.job j LEFT JOIN LATERAL (SELECT * FROM cron.job_run_details d WHERE d.jobid = j.jobid '
		'ORDER BY d.runid DESC LIMIT 1) d ON true '
		'WHERE (j.database = current_database() OR NOT EXISTS (SELECT FROM pg_database x WHERE x.datname = j.database)) '
		'AND j.jobname IN (SELECT e.job FROM engage.jobs() e) ORDER BY 1';
END
$$;
COMMENT ON FUNCTION engage.job_health() IS
	'The scheduled jobs of this database, and of databases that no longer exist, as pg_cron sees them, with their last run; no row if pg_cron is in another database. Shows what the caller may see of pg_cron.';
