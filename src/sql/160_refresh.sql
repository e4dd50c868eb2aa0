/*
 * Refresh: personas, callers and flags brought in line with contacts.
 *
 * A step takes the lock in one statement and, in a later one, deletes queue
 * rows and computes their subjects from contacts under a single snapshot.  So a
 * queue row that goes belongs to a transaction whose contacts were seen, and
 * one that commits later keeps its row.  A step is one transaction: whatever
 * ends it early leaves things as they were.  Everything that follows from
 * personas is brought in line in the same step, so in any snapshot a subject
 * without a queue row equals what would be computed from nothing.
 */

CREATE TABLE engage.refresh_lock (
	one boolean PRIMARY KEY DEFAULT true CHECK (one)
);
COMMENT ON TABLE engage.refresh_lock IS
	'One row, which a refresh step locks: one step at a time. A row of ours and not an advisory lock, which anybody could take.';
INSERT INTO engage.refresh_lock DEFAULT VALUES;

CREATE TABLE engage.refresh_run (
	run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	state text NOT NULL DEFAULT 'running' CHECK (state OPERATOR(pg_catalog.=) ANY (ARRAY['running', 'done', 'failed', 'died'])),
	started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	last_step_at timestamptz,
	finished_at timestamptz,
	steps bigint NOT NULL DEFAULT 0,
	personas bigint NOT NULL DEFAULT 0,
	callers bigint NOT NULL DEFAULT 0,
	flags_raised bigint NOT NULL DEFAULT 0,
	flags_changed bigint NOT NULL DEFAULT 0,
	flags_withdrawn bigint NOT NULL DEFAULT 0,
	scored bigint NOT NULL DEFAULT 0,
	pid integer NOT NULL DEFAULT pg_catalog.pg_backend_pid(),
	login text NOT NULL DEFAULT SESSION_USER,
	error_code text,
	error_message text
);
COMMENT ON TABLE engage.refresh_run IS
	'What each refresh did; other sessions see a running one advance with every step.';
COMMENT ON COLUMN engage.refresh_run.state IS 'running, done, failed (with its error) or died (its session went away).';
COMMENT ON COLUMN engage.refresh_run.error_code IS 'SQLSTATE of what made it fail.';
CREATE INDEX refresh_run_started_at ON engage.refresh_run (started_at);
SELECT pg_catalog.pg_extension_config_dump('engage.refresh_run', '');
SELECT pg_catalog.pg_extension_config_dump(pg_catalog.pg_get_serial_sequence('engage.refresh_run', 'run_id')::regclass, '');

CREATE FUNCTION engage.has_markers() RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE SET enable_seqscan = off
RETURN EXISTS (SELECT FROM engage.dirty q
	WHERE q.subject OPERATOR(pg_catalog.=) ANY (ARRAY['everything', 'rule', 'number', 'days', 'roster']));
COMMENT ON FUNCTION engage.has_markers() IS 'Whether queue rows stand for many subjects.';

CREATE FUNCTION engage.expand_markers() RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	expanded bigint;
	wants_days boolean;
	wants_roster boolean;
BEGIN
	WITH markers AS (
		DELETE FROM engage.dirty q WHERE q.subject IN ('everything', 'rule', 'number', 'days', 'roster')
		RETURNING q.subject, q.number, q.rule_id
	), every_persona AS (
		INSERT INTO engage.dirty (subject, persona_key, cause)
		SELECT 'persona', u.persona_key, 'everything'
		FROM (SELECT c.persona_key FROM engage.contact c WHERE c.persona_key IS NOT NULL
			UNION SELECT p.persona_key FROM engage.persona p
			UNION SELECT t.persona_key FROM engage.persona_timeline t) u
		WHERE EXISTS (SELECT FROM markers m WHERE m.subject = 'everything')
	), none_later AS (
		-- each is put there again when it is computed
		DELETE FROM engage.later WHERE EXISTS (SELECT FROM markers m WHERE m.subject = 'everything')
	), identities AS (
		INSERT INTO engage.dirty (subject, cause)
		SELECT 'identities', 'everything' WHERE EXISTS (SELECT FROM markers m WHERE m.subject = 'everything')
	), shared_numbers AS (
		DELETE FROM engage.shared_number s USING markers m WHERE m.subject = 'number' AND s.number = m.number
	), personas_of_numbers AS (
		INSERT INTO engage.dirty (subject, persona_key, cause)
		SELECT DISTINCT 'identity', p.persona_key, 'known number'
		FROM markers m JOIN engage.persona p ON p.number = m.number
		WHERE m.subject = 'number'
	), callers AS (
		INSERT INTO engage.dirty (subject, caller_id, cause)
		SELECT DISTINCT 'caller', u.caller_id, 'rule'
		FROM (SELECT c.caller_id FROM engage.caller c WHERE c.contacts > 0
			UNION SELECT f.caller_id FROM engage.flag f WHERE f.withdrawn_at IS NULL) u
		WHERE EXISTS (SELECT FROM markers m LEFT JOIN engage.rule r ON r.rule_id = m.rule_id
			WHERE m.subject = 'everything' OR m.subject = 'rule' AND r.kind = 'criteria')
	), periods AS (
		INSERT INTO engage.dirty (subject, rule_id, period_start, cause)
		SELECT 'period', r.rule_id, p.period_start, 'rule'
		FROM engage.rule r, LATERAL engage.periods_of(r.rule_id) p (period_start)
		WHERE r.kind = 'top' AND EXISTS (SELECT FROM markers m
			WHERE m.subject = 'everything' OR m.subject = 'rule' AND m.rule_id = r.rule_id)
	), risks AS (
		INSERT INTO engage.dirty (subject, cause)
		SELECT 'risks', 'rule'
		WHERE EXISTS (SELECT FROM markers m WHERE m.subject IN ('everything', 'rule')) AND EXISTS (SELECT FROM engage.risk_model)
	)
	SELECT count(*), bool_or(m.subject IN ('everything', 'days')), bool_or(m.subject IN ('everything', 'roster'))
	INTO expanded, wants_days, wants_roster
	FROM markers m;
	IF wants_days THEN
		PERFORM engage.fill_calendar(d.day, d.day)
		FROM (SELECT engage.local_date(now(), o.zone) AS day FROM engage.policy o) d;
		PERFORM engage.queue_days();
	END IF;
	IF wants_roster THEN
		PERFORM engage.keep_whole_roster();
	END IF;
	RETURN expanded;
END
$$;
COMMENT ON FUNCTION engage.expand_markers() IS
	'Replaces queue rows that stand for many subjects by one row each; returns how many there were. A stage of refresh.';

CREATE FUNCTION engage.queue_what_is_due() RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SET enable_seqscan = off
BEGIN ATOMIC
	WITH due AS (
		DELETE FROM engage.later l WHERE l.due_at <= now()
		RETURNING l.subject, l.persona_key, l.period_start, l.due_at
	)
	INSERT INTO engage.dirty (subject, persona_key, period_start, cause, at)
	SELECT d.subject, d.persona_key, d.period_start, 'due', d.due_at FROM due d;
END;
COMMENT ON FUNCTION engage.queue_what_is_due() IS
	'Queues the subjects whose contacts to come have come. A stage of refresh.';

CREATE FUNCTION engage.recount_personas(batch_size integer) RETURNS uuid[]
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
	persona_keys uuid[];
BEGIN
	WITH picked AS MATERIALIZED (
		SELECT q.ctid AS queue_row, q.persona_key FROM engage.dirty q WHERE q.subject = 'persona' LIMIT batch_size
	), gone AS (
		DELETE FROM engage.dirty q WHERE q.ctid = ANY (ARRAY(SELECT p.queue_row FROM picked p))
	), keys AS MATERIALIZED (
		SELECT DISTINCT p.persona_key FROM picked p
	), counted AS MATERIALIZED (
		/* race: between the queue and contacts */
		SELECT k.persona_key, c.channel, c.timeline
		FROM keys k, LATERAL (
			SELECT x.channel, engage.timeline_agg(x.occurred_at) AS timeline
			FROM engage.contact x
			WHERE x.persona_key = k.persona_key AND x.occurred_at >= engage.first_counted() AND x.occurred_at <= now()
				AND x.direction = 'inbound' AND x.callback_of IS NULL AND x.duplicate_of IS NULL
			GROUP BY x.channel
		) c
	), to_come AS MATERIALIZED (
		SELECT k.persona_key, c.due_at
		FROM keys k, LATERAL (
			SELECT x.occurred_at AS due_at FROM engage.contact x
			WHERE x.persona_key = k.persona_key AND x.occurred_at > now() AND x.occurred_at < 'infinity'
				AND x.direction = 'inbound' AND x.callback_of IS NULL AND x.duplicate_of IS NULL
			ORDER BY x.occurred_at LIMIT 1
		) c
	), not_later AS (
		DELETE FROM engage.later l USING keys k
		WHERE l.persona_key = k.persona_key AND NOT EXISTS (SELECT FROM to_come n WHERE n.persona_key = k.persona_key)
	), later AS (
		INSERT INTO engage.later AS l (subject, persona_key, due_at) SELECT 'persona', n.persona_key, n.due_at FROM to_come n
		ON CONFLICT (persona_key) WHERE persona_key IS NOT NULL DO UPDATE SET due_at = excluded.due_at WHERE l.due_at <> excluded.due_at
	), standing AS MATERIALIZED (
		SELECT k.persona_key, t.channel, t.timeline, t.held_row
		FROM keys k, LATERAL (
			SELECT x.channel, x.timeline, x.ctid AS held_row
			FROM engage.persona_timeline x WHERE x.persona_key = k.persona_key OFFSET 0
		) t
	), timelines_gone AS (
		DELETE FROM engage.persona_timeline t
		WHERE t.ctid = ANY (ARRAY(SELECT s.held_row FROM standing s
			WHERE (s.persona_key, s.channel) NOT IN (SELECT n.persona_key, n.channel FROM counted n)))
	), timelines AS (
		INSERT INTO engage.persona_timeline AS t SELECT n.persona_key, n.channel, n.timeline FROM counted n
		ON CONFLICT (persona_key, channel) DO UPDATE SET timeline = excluded.timeline
			WHERE t.timeline OPERATOR(engage.<>) excluded.timeline
	), details AS MATERIALIZED (
		-- as the key was made of them
		SELECT k.persona_key, NULLIF(engage.presented_number(c.number_raw, c.cli_status), '') AS number_raw,
			NULLIF(c.given_name, '') AS given_name, NULLIF(c.family_name, '') AS family_name, c.date_of_birth,
			NULLIF(c.address, '') AS address, NULLIF(c.postcode, '') AS postcode, NULLIF(c.email, '') AS email,
			NULLIF(c.imei, '') AS imei, NULLIF(c.nominal_ref, '') AS nominal_ref, c.identity_details AS details
		FROM keys k, LATERAL (
			SELECT x.* FROM engage.contact x
			WHERE x.persona_key = k.persona_key AND x.occurred_at >= engage.first_counted() AND x.occurred_at <= now()
				AND x.direction = 'inbound' AND x.callback_of IS NULL AND x.duplicate_of IS NULL
			LIMIT 1
		) c
	), wanted AS MATERIALIZED (
		SELECT EXISTS (SELECT FROM engage.rule r WHERE r.kind = 'top') AS top
	), periods AS (
		INSERT INTO engage.dirty (subject, rule_id, period_start, cause)
		SELECT DISTINCT 'period', r.rule_id, engage.period_start(d.at, r.top_period, o.zone), 'contacts'
		FROM engage.policy o, engage.rule r, LATERAL (
			-- compared only where there is a rule to use it
			(SELECT n.persona_key, n.channel, engage.contact_times(n.timeline) AS at FROM counted n WHERE (SELECT top FROM wanted)
				EXCEPT ALL SELECT s.persona_key, s.channel, engage.contact_times(s.timeline) FROM standing s WHERE (SELECT top FROM wanted))
			UNION ALL
			(SELECT s.persona_key, s.channel, engage.contact_times(s.timeline) FROM standing s WHERE (SELECT top FROM wanted)
				EXCEPT ALL SELECT n.persona_key, n.channel, engage.contact_times(n.timeline) FROM counted n WHERE (SELECT top FROM wanted))
		) d
		WHERE r.kind = 'top'
	), personas AS (
		INSERT INTO engage.persona AS p (persona_key, number_raw, given_name, family_name, date_of_birth, address, postcode,
			email, imei, nominal_ref, details, number)
		SELECT d.*, engage.phone(d.number_raw, o.region) FROM details d, engage.policy o
		ON CONFLICT (persona_key) DO UPDATE SET number = excluded.number
			WHERE p.number IS DISTINCT FROM excluded.number
		RETURNING p.persona_key
	), identities AS (
		INSERT INTO engage.dirty (subject, persona_key, cause)
		SELECT 'identity', p.persona_key, 'contacts' FROM personas p
	)
	SELECT array_agg(k.persona_key) INTO persona_keys FROM keys k;
	RETURN persona_keys;
END
$$;
COMMENT ON FUNCTION engage.recount_personas(integer) IS
	'Takes a batch of personas from the queue and computes them and their timelines from contacts, in one statement; returns their keys, NULL if the queue has none. A stage of refresh.';

CREATE FUNCTION engage.more_personas_wait(run bigint) RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (SELECT FROM engage.refresh_run r, engage.dirty q
	WHERE r.run_id = run AND q.subject OPERATOR(pg_catalog.=) 'persona'
		AND (q.at OPERATOR(pg_catalog.<) r.started_at OR q.cause OPERATOR(pg_catalog.=) 'everything'));
COMMENT ON FUNCTION engage.more_personas_wait(bigint) IS
	'Whether personas are in the queue that were there when the run began, or are there because all are. While they are, linking and flags wait: a caller judged on some of their personas would get flags that do not last. Later ones do not hold flags up.';

CREATE FUNCTION engage.queue_callers(caller_ids bigint[]) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
BEGIN ATOMIC
	INSERT INTO engage.dirty (subject, caller_id, cause)
	SELECT 'caller', c.caller_id, 'contacts'
	FROM engage.caller c
	WHERE c.caller_id = ANY (caller_ids)
		AND (c.contacts >= (SELECT min(engage.threshold(k)) FROM engage.rule r, unnest(r.criteria) k)
			OR EXISTS (SELECT FROM engage.flag f WHERE f.caller_id = c.caller_id AND f.withdrawn_at IS NULL));
END;
COMMENT ON FUNCTION engage.queue_callers(bigint[]) IS
	'Queues those of the callers who can meet a rule, or have a flag, to have their flags computed. A stage of refresh.';

CREATE FUNCTION engage.take_callers(batch_size integer) RETURNS bigint[]
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller_ids bigint[];
BEGIN
	WITH gone AS (
		DELETE FROM engage.dirty q
		WHERE q.ctid = ANY (ARRAY(SELECT d.ctid FROM engage.dirty d WHERE d.subject = 'caller' LIMIT batch_size))
		RETURNING q.caller_id
	)
	SELECT array_agg(DISTINCT g.caller_id) INTO caller_ids FROM gone g;
	RETURN caller_ids;
END
$$;
COMMENT ON FUNCTION engage.take_callers(integer) IS
	'Takes a batch of callers from the queue whose flags are to be computed anew; NULL if there are none. A stage of refresh.';

CREATE FUNCTION engage.take_period(OUT rule_id integer, OUT period_start timestamptz)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	SELECT q.rule_id, q.period_start INTO take_period.rule_id, take_period.period_start
	FROM engage.dirty q WHERE q.subject = 'period' LIMIT 1;
	DELETE FROM engage.dirty q
	WHERE q.subject = 'period' AND q.rule_id = take_period.rule_id AND q.period_start = take_period.period_start;
	-- it may have been queued in another zone
	SELECT engage.period_start(take_period.period_start, r.top_period, o.zone) INTO take_period.period_start
	FROM engage.policy o, engage.rule r WHERE r.rule_id = take_period.rule_id;
END
$$;
COMMENT ON FUNCTION engage.take_period() IS
	'Takes one local period of a rule of kind top from the queue, with all its rows; NULLs if there is none. A stage of refresh.';

-- definer: operators refresh without rights on contacts, callers or flags
CREATE FUNCTION engage.refresh_begin(batch_size integer) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	run bigint;
BEGIN
	IF pg_is_in_recovery() THEN
		RAISE EXCEPTION 'cannot refresh on a standby'
			USING ERRCODE = 'read_only_sql_transaction', HINT = 'Run it on the primary; the standby follows.';
	END IF;
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'refresh needs transactions of isolation READ COMMITTED'
			USING ERRCODE = 'active_sql_transaction',
				HINT = 'SET default_transaction_isolation = ''read committed'', then CALL engage.refresh().';
	END IF;
	IF (batch_size > 0) IS NOT TRUE THEN
		RAISE EXCEPTION 'a batch cannot have % queue rows', COALESCE(batch_size::text, 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'The default is 5000: CALL engage.refresh();';
	END IF;
	PERFORM FROM engage.policy;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'engage is not set up'
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'SELECT engage.setup();';
	END IF;
	PERFORM FROM engage.refresh_lock FOR NO KEY UPDATE SKIP LOCKED;
	IF NOT FOUND THEN
		RETURN NULL;
	END IF;
	UPDATE engage.refresh_run r
	SET state = 'died', finished_at = clock_timestamp()
	WHERE r.state = 'running' AND (r.started_at < pg_postmaster_start_time()
		-- a run that is not at a step, as none is while we hold the lock, takes the next one at once
		OR COALESCE(r.last_step_at, r.started_at) < clock_timestamp() - interval '1 minute' OR NOT EXISTS (
		-- other logins' backend_start is hidden from us
		SELECT FROM pg_stat_activity a
		WHERE a.pid = r.pid AND a.pid <> pg_backend_pid() AND COALESCE(a.backend_start <= r.started_at, true)));
	INSERT INTO engage.refresh_run DEFAULT VALUES RETURNING run_id INTO run;
	PERFORM engage.harvest_referrals();
	PERFORM engage.fill_calendar(d.day, d.day)
	FROM (SELECT engage.local_date(now(), o.zone) AS day FROM engage.policy o) d
	WHERE NOT EXISTS (SELECT FROM engage.calendar k WHERE k.day = d.day);
	IF engage.scores_are_due() THEN
		PERFORM engage.queue_risks();
	END IF;
	RETURN run;
END
$$;
COMMENT ON FUNCTION engage.refresh_begin(integer) IS
	'Starts a run, in batches of so many queue rows, and returns its id; NULL if another refresh is at work. Part of refresh().';

CREATE FUNCTION engage.refresh_work(run bigint, batch_size integer) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	persona_keys uuid[];
	caller_ids bigint[];
	period record;
	outcome record;
	newly_scored bigint;
	summed_up boolean;
BEGIN
	PERFORM engage.queue_what_is_due();
	IF engage.has_markers() AND engage.expand_markers() > 0 THEN
		UPDATE engage.refresh_run r SET steps = steps + 1, last_step_at = clock_timestamp() WHERE r.run_id = run;
		RETURN true;
	END IF;

	persona_keys := engage.recount_personas(batch_size);
	IF persona_keys IS NOT NULL THEN
		caller_ids := engage.forget_personas(persona_keys);
	END IF;
	-- a persona that is linked before its like are there, or before what a handler said of it is known, would be linked twice
	IF NOT engage.more_personas_wait(run) THEN
		PERFORM engage.harvest_ripe_referrals();
	END IF;
	IF engage.identities_wait() AND NOT engage.more_personas_wait(run) THEN
		IF engage.wants_linking_of_everything() THEN
			caller_ids := COALESCE(caller_ids, '{}') || engage.link_everything(run);
			PERFORM engage.key_callers(caller_ids);
			PERFORM engage.sum_up_all_callers();
			PERFORM engage.queue_callers(caller_ids);
			PERFORM engage.queue_risks();
			caller_ids := '{}';
		ELSE
			caller_ids := COALESCE(caller_ids, '{}') || engage.link_batch(batch_size, run);
		END IF;
	END IF;
	IF caller_ids IS NOT NULL THEN
		PERFORM engage.key_callers(caller_ids);
		PERFORM engage.sum_up_callers(caller_ids);
		PERFORM engage.queue_risks(caller_ids);
		IF engage.more_personas_wait(run) OR engage.identities_wait() THEN
			PERFORM engage.queue_callers(caller_ids);
			caller_ids := '{}';
		ELSE
			caller_ids := caller_ids || engage.take_callers(batch_size);
		END IF;
	ELSE
		caller_ids := engage.take_callers(batch_size);
	END IF;

	IF caller_ids IS NOT NULL THEN
		outcome := engage.assess_callers(caller_ids, run);
		PERFORM engage.keep_roster(caller_ids);
	ELSE
		period := engage.take_period();
		IF period.rule_id IS NULL THEN
			summed_up := engage.take_day();
			IF NOT summed_up THEN
				newly_scored := engage.take_risks(batch_size);
				summed_up := newly_scored IS NULL AND engage.measure_concentration();
			END IF;
			UPDATE engage.refresh_run r SET steps = r.steps + 1, last_step_at = clock_timestamp(), scored = r.scored + COALESCE(newly_scored, 0)
			WHERE r.run_id = run AND (summed_up OR newly_scored IS NOT NULL);
			RETURN summed_up OR newly_scored IS NOT NULL;
		END IF;
		outcome := engage.assess_period(period.rule_id, period.period_start, run);
		PERFORM engage.keep_roster(engage.callers_of_period(period.rule_id, period.period_start));
	END IF;
	-- under a load that never pauses, days would wait for ever
	IF EXISTS (SELECT FROM engage.dirty q WHERE q.subject = 'day' AND q.at < clock_timestamp() - interval '30 seconds') THEN
		PERFORM engage.take_day();
	END IF;
	UPDATE engage.refresh_run r
	SET steps = r.steps + 1, last_step_at = clock_timestamp(),
		personas = r.personas + COALESCE(cardinality(persona_keys), 0), callers = r.callers + COALESCE(cardinality(caller_ids), 0),
		flags_raised = r.flags_raised + outcome.raised, flags_changed = r.flags_changed + outcome.changed,
		flags_withdrawn = r.flags_withdrawn + outcome.withdrawn
	WHERE r.run_id = run;
	RETURN true;
END
$$;
COMMENT ON FUNCTION engage.refresh_work(bigint, integer) IS
	'Deals with one batch of the queue under the lock; false if the queue is empty. Part of refresh().';

-- definer: operators refresh without rights on contacts, callers or flags
CREATE FUNCTION engage.refresh_step(run bigint, batch_size integer) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
	problem text;
	more boolean := false;
BEGIN
	PERFORM FROM engage.refresh_lock FOR NO KEY UPDATE SKIP LOCKED;
	IF FOUND THEN
		BEGIN
			more := engage.refresh_work(run, batch_size);
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT;
			UPDATE engage.refresh_run r
			SET state = 'failed', finished_at = clock_timestamp(), error_code = SQLSTATE, error_message = problem
			WHERE r.run_id = run;
			RETURN false;
		END;
	ELSE
		RAISE NOTICE 'another refresh is at work';
	END IF;
	IF NOT more THEN
		UPDATE engage.refresh_run r SET state = 'done', finished_at = clock_timestamp() WHERE r.run_id = run;
	END IF;
	RETURN more;
END
$$;
COMMENT ON FUNCTION engage.refresh_step(bigint, integer) IS
	'One step of a run, in the caller''s transaction; false when the run is over: the queue is empty, another refresh took over, or it failed, which the run''s row tells. Part of refresh().';

-- definer: operators refresh without rights on contacts, callers or flags
CREATE FUNCTION engage.refresh_end(run bigint) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	ended engage.refresh_run;
BEGIN
	SELECT * INTO ended FROM engage.refresh_run r WHERE r.run_id = run;
	IF ended.state = 'failed' THEN
		RAISE EXCEPTION 'refresh failed: %', ended.error_message
			USING ERRCODE = ended.error_code, DETAIL = format('Run %s; what earlier steps did stays, nothing is half done.', run),
				HINT = 'Mend the cause and CALL engage.refresh() again.';
	END IF;
END
$$;
COMMENT ON FUNCTION engage.refresh_end(bigint) IS 'Raises the error of a run that failed, after it was recorded. Part of refresh().';

CREATE FUNCTION engage.refuse_transaction_block(verb text) RETURNS void
	AS 'MODULE_PATHNAME', 'engage_refuse_transaction_block' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION engage.refuse_transaction_block(text) IS
	'An error (25001) with a hint inside a transaction block, for procedures that commit as they go: the verb is what was called.';

CREATE PROCEDURE engage.refresh(batch_size integer DEFAULT 5000)
	LANGUAGE plpgsql
AS $$
DECLARE
	run bigint;
BEGIN
	run := engage.refresh_begin(batch_size);
	PERFORM engage.refuse_transaction_block('refresh()');
	COMMIT;
	IF run IS NULL THEN
		RAISE NOTICE 'another refresh is at work';
		RETURN;
	END IF;
	WHILE engage.refresh_step(run, batch_size) LOOP
		COMMIT;
	END LOOP;
	COMMIT;
	PERFORM engage.refresh_end(run);
END
$$;
COMMENT ON PROCEDURE engage.refresh(integer) IS
	'Brings personas, callers and flags in line with all changes since, batch_size queue rows and a COMMIT at a time. Outside a transaction block. If another refresh is at work it says so and returns. Killed or cancelled at any point, the next call goes on.';

-- definer: operators rebuild without rights on the queue
CREATE FUNCTION engage.mark_everything() RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	INSERT INTO engage.dirty (subject, cause) VALUES ('everything', 'rebuild');
END;
COMMENT ON FUNCTION engage.mark_everything() IS
	'Puts all personas, callers and periods into the queue: after a change that triggers could not see, such as a restore of contacts alone.';

CREATE PROCEDURE engage.rebuild(batch_size integer DEFAULT 5000)
	LANGUAGE plpgsql
AS $$
BEGIN
	PERFORM engage.mark_everything();
	PERFORM engage.refuse_transaction_block('rebuild()');
	-- refresh() does the COMMIT of this, or refuses
	CALL engage.refresh(batch_size);
END
$$;
COMMENT ON PROCEDURE engage.rebuild(integer) IS
	'Computes everything anew from contacts, in batches as refresh() does. Flags and caller ids stay; if all was in line, nothing changes.';

CREATE FUNCTION engage.is_sampled(key text, sample double precision) RETURNS boolean
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (pg_catalog.hashtextextended(key, 0) OPERATOR(pg_catalog.&) 65535) OPERATOR(pg_catalog.<) (sample OPERATOR(pg_catalog.*) 65536);
COMMENT ON FUNCTION engage.is_sampled(text, double precision) IS
	'Whether a subject is in a sample of this share (0 to 1); the same ones every time.';
