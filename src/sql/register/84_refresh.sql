/*
 * Refresh: updates personas, callers and flags from contacts.
 *
 * A step takes the lock in one statement and, in a later one, deletes queue
 * rows and computes their subjects from contacts under a single snapshot.  So a
 * queue row that goes belongs to a transaction whose contacts were seen, and
 * one that commits later keeps its row.  A step is one transaction: whatever
 * ends it early leaves things as they were.  Everything that follows from
 * personas is updated in the same step, so in any snapshot a subject
 * without a queue row equals what would be computed from nothing.
 */

CREATE TABLE engage_internal.refresh_lock (
	one boolean PRIMARY KEY DEFAULT true CHECK (one)
);
COMMENT ON TABLE engage_internal.refresh_lock IS
	'One row, which a refresh step locks: one step at a time. Not an advisory lock, because anybody could take that.';
INSERT INTO engage_internal.refresh_lock DEFAULT VALUES;

CREATE TABLE engage.refresh_run (
	run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	state text NOT NULL DEFAULT 'running' CHECK (state = ANY (ARRAY['running', 'done', 'failed', 'died'])),
	started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	last_step_at timestamptz,
	finished_at timestamptz,
	steps bigint NOT NULL DEFAULT 0,
	personas bigint NOT NULL DEFAULT 0,
	callers bigint NOT NULL DEFAULT 0,
	flags_raised bigint NOT NULL DEFAULT 0,
	flags_changed bigint NOT NULL DEFAULT 0,
	flags_withdrawn bigint NOT NULL DEFAULT 0,
	scored bigint NOT NULL DEFAULT 0,
	set_aside bigint NOT NULL DEFAULT 0,
	batch_limit integer,
	pid integer NOT NULL DEFAULT pg_backend_pid(),
	login text NOT NULL DEFAULT SESSION_USER,
	error_code text,
	error_message text
);
COMMENT ON TABLE engage.refresh_run IS
	'What each refresh did. Other sessions see the row of a running refresh change with every step.';
COMMENT ON COLUMN engage.refresh_run.state IS 'running, done, failed (with its error) or died (its session ended).';
COMMENT ON COLUMN engage.refresh_run.set_aside IS 'How many subjects could not be computed: engage.set_aside.';
COMMENT ON COLUMN engage.refresh_run.batch_limit IS 'How many queue rows a batch has at present, because one failed; NULL: the size asked for.';
COMMENT ON COLUMN engage.refresh_run.error_code IS 'SQLSTATE of what made it fail.';
CREATE INDEX refresh_run_started_at ON engage.refresh_run (started_at);
SELECT pg_extension_config_dump('engage.refresh_run', '');
SELECT pg_extension_config_dump(pg_get_serial_sequence('engage.refresh_run', 'run_id')::regclass, '');

CREATE TYPE engage_internal.stage_result AS (
	did_work boolean,
	batch_size integer,
	personas bigint,
	callers bigint,
	raised bigint,
	changed bigint,
	withdrawn bigint,
	scored bigint
);
COMMENT ON TYPE engage_internal.stage_result IS
	'What a stage of refresh did in a step, for refresh_run; NULL, not a row, if it had nothing to do. batch_size is the size that worked; NULL if the stage takes no batches.';

CREATE FUNCTION engage_internal.change_personas(changing engage.persona[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
	model_id constant integer := engage.current_linkage_model();
	block_keys bigint[];
	block_limits integer[];
BEGIN
	IF model_id IS NOT NULL THEN
		-- by their former details
		WITH left_blocks AS MATERIALIZED (
			SELECT b.* FROM engage_internal.persona_blocks(model_id, ARRAY(SELECT c.persona_key FROM unnest(changing) c)) b
		), gone AS (
			DELETE FROM engage_internal.persona_block b
			WHERE b.ctid = ANY (ARRAY(SELECT x.ctid FROM left_blocks k JOIN engage_internal.persona_block x
				ON x.block_key = k.block_key AND x.rank = k.rank AND x.persona_key = k.persona_key))
		)
		SELECT array_agg(k.block_key), array_agg(k.block_limit) INTO block_keys, block_limits FROM left_blocks k;
	END IF;
	WITH changed AS (
		UPDATE engage.persona p
		SET given_name = c.given_name, family_name = c.family_name, date_of_birth = c.date_of_birth,
			address = c.address, postcode = c.postcode, email = c.email, imei = c.imei,
			nominal_ref = c.nominal_ref, identity_details = c.identity_details, number = c.number
		FROM unnest(changing) c WHERE p.persona_key = c.persona_key
		RETURNING p.persona_key
	)
	INSERT INTO engage_internal.dirty (subject, persona_key, cause) SELECT 'identity', c.persona_key, 'contacts' FROM changed c;
	IF block_keys IS NOT NULL THEN
		INSERT INTO engage_internal.dirty (subject, persona_key, cause)
		SELECT 'identity', u.persona_key, 'block' FROM unnest(engage_internal.settle_blocks(block_keys, block_limits)) u (persona_key);
	END IF;
END
$$;
COMMENT ON FUNCTION engage_internal.change_personas(engage.persona[]) IS
	'Changes the details of personas, because fillers or the region changed, and queues them and those in their blocks for linking. Part of refresh().';

CREATE FUNCTION engage_internal.await_contacts(persona_keys uuid[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
BEGIN
	-- there is hardly ever one
	IF NOT EXISTS (SELECT FROM engage_internal.later)
			AND NOT EXISTS (SELECT FROM engage.contact c WHERE timezone('UTC', c.occurred_at) > timezone('UTC', now())) THEN
		RETURN;
	END IF;
	WITH to_come AS MATERIALIZED (
		SELECT k.persona_key, c.due_at
		FROM unnest(persona_keys) k (persona_key), LATERAL (
			SELECT x.occurred_at AS due_at FROM engage_internal.countable_contact x
			WHERE x.persona_key = k.persona_key AND x.occurred_at > now() AND x.occurred_at < 'infinity'
			ORDER BY x.occurred_at LIMIT 1
		) c
	), not_later AS (
		DELETE FROM engage_internal.later l
		WHERE l.persona_key = ANY (persona_keys) AND NOT EXISTS (SELECT FROM to_come n WHERE n.persona_key = l.persona_key)
	)
	INSERT INTO engage_internal.later AS l (subject, persona_key, due_at) SELECT 'persona', n.persona_key, n.due_at FROM to_come n
	ON CONFLICT (persona_key) WHERE persona_key IS NOT NULL DO UPDATE SET due_at = excluded.due_at WHERE l.due_at <> excluded.due_at;
END
$$;
COMMENT ON FUNCTION engage_internal.await_contacts(uuid[]) IS
	'Records in engage_internal.later when the next future contact of each of the personas happens. Part of refresh().';

CREATE FUNCTION engage_internal.queue_periods(timelines_before engage.persona_timeline[], timelines_now engage.persona_timeline[]) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	INSERT INTO engage_internal.dirty (subject, rule_id, period_start, cause)
	SELECT DISTINCT 'period', r.rule_id, engage.period_start(d.at, r.top_period, o.zone), 'contacts'
	FROM engage.policy o, engage.rule r, LATERAL (
		(SELECT n.persona_key, n.channel, engage.contact_times(n.timeline) AS at FROM unnest(timelines_now) n
			EXCEPT ALL SELECT b.persona_key, b.channel, engage.contact_times(b.timeline) FROM unnest(timelines_before) b)
		UNION ALL
		(SELECT b.persona_key, b.channel, engage.contact_times(b.timeline) FROM unnest(timelines_before) b
			EXCEPT ALL SELECT n.persona_key, n.channel, engage.contact_times(n.timeline) FROM unnest(timelines_now) n)
	) d
	WHERE r.kind = 'top';
END;
COMMENT ON FUNCTION engage_internal.queue_periods(engage.persona_timeline[], engage.persona_timeline[]) IS
	'Queues the periods of rules of kind top in which the contacts of personas came or went. Part of refresh().';

CREATE FUNCTION engage_internal.recount_personas(batch_size integer, only_key uuid DEFAULT NULL) RETURNS uuid[]
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
	persona_keys uuid[];
	changing engage.persona[];
	timelines_before engage.persona_timeline[];
	timelines_now engage.persona_timeline[];
	periods_wanted constant boolean := EXISTS (SELECT FROM engage.rule r WHERE r.kind = 'top');
BEGIN
	WITH /* point: before the queue is read */ picked AS MATERIALIZED (
		SELECT q.ctid AS queue_row, q.persona_key FROM /* point: from what the queue is read */ engage_internal.dirty q
		WHERE q.subject = 'persona' AND (only_key IS NULL OR q.persona_key = only_key)
		LIMIT CASE WHEN only_key IS NULL THEN batch_size END /* point: how the queue is read */
	), gone AS (
		DELETE FROM engage_internal.dirty q WHERE q.ctid = ANY (ARRAY(SELECT p.queue_row FROM picked p)) /* point: which queue rows go */
	), keys AS MATERIALIZED (
		SELECT DISTINCT p.persona_key FROM picked p
	), counted AS MATERIALIZED (
		/* point: between the queue and contacts */
		SELECT k.persona_key, c.channel, c.timeline
		FROM keys k, LATERAL (
			SELECT x.channel, engage.timeline_agg(x.occurred_at) AS timeline
			FROM engage_internal.counted_contact x
			WHERE x.persona_key = k.persona_key
			GROUP BY x.channel
		) c
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
		-- as in the key, which is the same for all these contacts, without other fillers
		SELECT k.persona_key, NULLIF(c.presented, '') AS number_raw, e.given_name, e.family_name, e.date_of_birth, e.address, e.postcode,
			e.email, e.imei, e.nominal_ref, e.identity_details, e.number
		FROM keys k, engage.policy o, engage_internal.current_fillers() f, engage_internal.identity_detail_kinds() d, LATERAL (
			SELECT x.*, engage_internal.presented_number(x.number_raw, x.cli_status) AS presented FROM engage_internal.counted_contact x
			WHERE x.persona_key = k.persona_key
			LIMIT 1
		) c, LATERAL engage_internal.without_fillers(engage.phone(c.presented, o.region), c.given_name, c.family_name, c.date_of_birth, c.address,
			c.postcode, c.email, c.imei, c.nominal_ref, c.identity_details, d, f.fillers, f.is_real) e
	), changing AS MATERIALIZED (
		SELECT d.*
		FROM details d JOIN engage.persona p ON p.persona_key = d.persona_key
		WHERE (p.given_name, p.family_name, p.date_of_birth, p.address, p.postcode, p.email, p.imei, p.nominal_ref, p.identity_details, p.number)
			IS DISTINCT FROM (d.given_name, d.family_name, d.date_of_birth, d.address, d.postcode, d.email, d.imei, d.nominal_ref, d.identity_details, d.number)
	), personas AS (
		INSERT INTO engage.persona AS p (persona_key, number_raw, given_name, family_name, date_of_birth, address, postcode,
			email, imei, nominal_ref, identity_details, number)
		SELECT d.* FROM details d
		ON CONFLICT (persona_key) DO NOTHING
		RETURNING p.persona_key
	), identities AS (
		INSERT INTO engage_internal.dirty (subject, persona_key, cause)
		SELECT 'identity', p.persona_key, 'contacts' FROM personas p
	)
	SELECT (SELECT array_agg(k.persona_key) FROM keys k), (SELECT array_agg(ROW (c.*, NULL, NULL)::engage.persona) FROM changing c),
		(SELECT array_agg(ROW (s.persona_key, s.channel, s.timeline)::engage.persona_timeline) FROM standing s WHERE periods_wanted),
		(SELECT array_agg(n::engage.persona_timeline) FROM counted n WHERE periods_wanted)
	INTO persona_keys, changing, timelines_before, timelines_now;
	PERFORM engage_internal.queue_periods(timelines_before, timelines_now) WHERE periods_wanted;
	-- there is hardly ever one
	PERFORM engage_internal.change_personas(changing) WHERE changing IS NOT NULL;
	PERFORM engage_internal.await_contacts(persona_keys);
	/* point: personas are counted */
	RETURN persona_keys;
END
$$;
COMMENT ON FUNCTION engage_internal.recount_personas(integer, uuid) IS
	'Takes a batch of personas from the queue, or that one only, and computes them and their timelines from contacts, in one statement; returns their keys, NULL if the queue has none. Part of refresh().';

CREATE FUNCTION engage_internal.more_personas_wait(run bigint) RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (SELECT FROM engage.refresh_run r, engage_internal.dirty q
	WHERE r.run_id = run AND q.subject = 'persona'
		AND (q.at < r.started_at OR q.cause = ANY (ARRAY['everything', 'filler'])));
COMMENT ON FUNCTION engage_internal.more_personas_wait(bigint) IS
	'Whether the queue has personas that were there when the run began, or that are there because all are, or because of a filler. Until these are done, linking and flags wait: a caller judged on only some personas would get flags that do not last. Later ones do not delay flags.';

CREATE FUNCTION engage_internal.queue_callers(caller_ids bigint[]) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
BEGIN ATOMIC
	INSERT INTO engage_internal.dirty (subject, caller_id, cause)
	SELECT 'caller', c.caller_id, 'contacts'
	FROM engage.caller c
	WHERE c.caller_id = ANY (caller_ids)
		AND (c.contacts >= (SELECT min(engage.threshold(k)) FROM engage.rule r, unnest(r.criteria) k)
			OR EXISTS (SELECT FROM engage.flag f WHERE f.caller_id = c.caller_id AND f.withdrawn_at IS NULL));
END;
COMMENT ON FUNCTION engage_internal.queue_callers(bigint[]) IS
	'Queues those of the callers who can meet a rule, or have a flag, to have their flags computed. Part of refresh().';

CREATE FUNCTION engage_internal.take_callers(batch_size integer) RETURNS bigint[]
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller_ids bigint[];
BEGIN
	WITH gone AS (
		DELETE FROM engage_internal.dirty q
		WHERE q.ctid = ANY (ARRAY(SELECT d.ctid FROM engage_internal.dirty d WHERE d.subject = 'caller' LIMIT batch_size))
		RETURNING q.caller_id
	)
	SELECT array_agg(DISTINCT g.caller_id) INTO caller_ids FROM gone g;
	RETURN caller_ids;
END
$$;
COMMENT ON FUNCTION engage_internal.take_callers(integer) IS
	'Takes a batch of callers from the queue whose flags are to be computed again; NULL if there are none. Part of refresh().';

CREATE FUNCTION engage_internal.take_period(OUT rule_id integer, OUT period_start timestamptz, OUT queued timestamptz)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	SELECT q.rule_id, q.period_start, q.period_start INTO take_period.rule_id, take_period.period_start, take_period.queued
	FROM engage_internal.dirty q WHERE q.subject = 'period' LIMIT 1;
	DELETE FROM engage_internal.dirty q
	WHERE q.subject = 'period' AND q.rule_id = take_period.rule_id AND q.period_start = take_period.period_start;
	-- it may have been queued in another zone
	SELECT engage.period_start(take_period.period_start, r.top_period, o.zone) INTO take_period.period_start
	FROM engage.policy o, engage.rule r WHERE r.rule_id = take_period.rule_id;
END
$$;
COMMENT ON FUNCTION engage_internal.take_period() IS
	'Takes one local period of a rule of kind top from the queue, with all its rows; NULLs if there is none. queued is what its rows said, which may be of another zone. Part of refresh().';

-- Batches that may fail on one of their subjects, each in a subtransaction of its own.  A batch that fails is halved.

CREATE FUNCTION engage_internal.count_some(run bigint, INOUT size integer, OUT persona_keys uuid[], OUT caller_ids bigint[])
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	only_key uuid;
	problem text;
BEGIN
	LOOP
		IF size = 1 THEN
			SELECT q.persona_key INTO only_key FROM engage_internal.dirty q WHERE q.subject = 'persona' LIMIT 1;
		END IF;
		BEGIN
			persona_keys := engage_internal.recount_personas(size, only_key);
			IF persona_keys IS NOT NULL THEN
				PERFORM engage_internal.take_back('count', persona_keys);
				caller_ids := engage_internal.forget_personas(persona_keys);
			END IF;
			RETURN;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT;
			IF size = 1 THEN
				IF NOT engage_internal.put_aside(run, 'count', SQLSTATE, problem, persona_key => only_key) THEN
					RAISE;
				END IF;
				DELETE FROM engage_internal.dirty q WHERE q.subject = 'persona' AND q.persona_key = only_key;
				persona_keys := '{}';
				caller_ids := '{}';
				RETURN;
			ELSIF NOT engage_internal.is_fault_of_a_row(SQLSTATE) THEN
				RAISE;
			END IF;
			size := size / 2;
		END;
	END LOOP;
END
$$;
COMMENT ON FUNCTION engage_internal.count_some(bigint, integer) IS
	'Calls recount_personas() and forget_personas() for a batch of at most this size, or fewer if one of them fails; a persona that fails alone is set aside. Returns the size that worked, the personas (NULL if none wait), and their callers. Part of refresh().';

CREATE FUNCTION engage_internal.link_some(run bigint, INOUT size integer, OUT caller_ids bigint[], OUT everybody boolean)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	only_key uuid;
	searched boolean := false;
	problem text;
BEGIN
	LOOP
		IF size = 1 THEN
			SELECT q.persona_key INTO only_key FROM engage_internal.dirty q WHERE q.subject = 'identity' AND q.persona_key IS NOT NULL LIMIT 1;
		END IF;
		BEGIN
			everybody := engage_internal.wants_linking_of_everything();
			IF everybody THEN
				IF NOT searched THEN
					PERFORM engage_internal.take_back('link');
				END IF;
				caller_ids := engage_internal.link_all_personas(run);
			ELSE
				caller_ids := engage_internal.link_batch(size, run, only_key);
			END IF;
			RETURN;
		EXCEPTION WHEN OTHERS THEN
			IF NOT engage_internal.is_fault_of_a_row(SQLSTATE) THEN
				RAISE;
			END IF;
			GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT;
			IF (everybody OR size = 1) AND NOT searched THEN
				-- the cause may be another persona, which cannot even be read
				searched := true;
				CONTINUE WHEN engage_internal.find_unreadable_personas(run) > 0;
			END IF;
			IF everybody THEN
				RAISE;
			END IF;
			IF size = 1 THEN
				IF NOT engage_internal.put_aside(run, 'link', SQLSTATE, problem, persona_key => only_key) THEN
					RAISE;
				END IF;
				DELETE FROM engage_internal.dirty q WHERE q.subject = 'identity' AND q.persona_key = only_key;
				-- the personas that were joined through it
				INSERT INTO engage_internal.dirty (subject, persona_key, cause)
				SELECT 'identity', y.persona_key, 'set aside'
				FROM engage.persona x JOIN engage.persona y ON y.component = x.component
				WHERE x.persona_key = only_key AND y.persona_key <> only_key
					AND NOT EXISTS (SELECT FROM engage.set_aside a WHERE a.stage = 'link' AND a.persona_key = y.persona_key);
				caller_ids := '{}';
				RETURN;
			END IF;
			size := size / 2;
		END;
	END LOOP;
END
$$;
COMMENT ON FUNCTION engage_internal.link_some(bigint, integer) IS
	'Calls link_all_personas(), or link_batch() for a batch of at most this size, or fewer if it fails. A persona that cannot be read, or fails alone, is set aside and left out of linkage. Returns the size that worked, the callers that changed, and whether everything was linked. Part of refresh().';

CREATE FUNCTION engage_internal.compute_callers(run bigint, stage text, caller_ids bigint[]) RETURNS engage_internal.stage_result
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	half constant integer := cardinality(caller_ids) / 2;
	done engage_internal.stage_result;
	outcome record;
	problem text;
BEGIN
	PERFORM engage_internal.take_back(stage, caller_ids => caller_ids);
	IF stage = 'sum up' THEN
		PERFORM engage_internal.sum_up_callers(caller_ids);
	ELSE
		/* point: between callers and flags */
		outcome := engage_internal.assess_callers(caller_ids, run);
		PERFORM engage_internal.refresh_roster(caller_ids);
		done.raised := outcome.raised;
		done.changed := outcome.changed;
		done.withdrawn := outcome.withdrawn;
	END IF;
	RETURN done;
EXCEPTION WHEN OTHERS THEN
	IF half = 0 THEN
		GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT;
		IF NOT engage_internal.put_aside(run, stage, SQLSTATE, problem, caller_id => caller_ids[1]) THEN
			RAISE;
		END IF;
		RETURN NULL;
	ELSIF NOT engage_internal.is_fault_of_a_row(SQLSTATE) THEN
		RAISE;
	END IF;
	SELECT sum(x.raised), sum(x.changed), sum(x.withdrawn) INTO done.raised, done.changed, done.withdrawn
	FROM (VALUES (1, half), (half + 1, cardinality(caller_ids))) part (first, last),
		LATERAL engage_internal.compute_callers(run, stage, caller_ids[part.first:part.last]) x;
	RETURN done;
END
$$;
COMMENT ON FUNCTION engage_internal.compute_callers(bigint, text, bigint[]) IS
	'Calls sum_up_callers() for stage "sum up", assess_callers() and refresh_roster() for stage "flags", by halves if they fail; a caller that fails alone is set aside. Part of stage_callers().';

CREATE FUNCTION engage_internal.sum_up_everybody(run bigint) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM engage_internal.take_back('sum up');
	PERFORM engage_internal.sum_up_all_callers();
EXCEPTION WHEN OTHERS THEN
	IF NOT engage_internal.is_fault_of_a_row(SQLSTATE) THEN
		RAISE;
	END IF;
	PERFORM engage_internal.compute_callers(run, 'sum up', ARRAY(SELECT c.caller_id FROM engage.caller c ORDER BY c.caller_id));
END
$$;
COMMENT ON FUNCTION engage_internal.sum_up_everybody(bigint) IS 'Calls sum_up_all_callers(), or compute_callers() for all if that fails. Part of stage_callers().';

CREATE FUNCTION engage_internal.stage_period(run bigint, batch_size integer) RETURNS engage_internal.stage_result
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	done engage_internal.stage_result;
	period record;
	taken boolean := false;
	outcome record;
	problem text;
BEGIN
	/* point: between personas and periods */
	IF NOT EXISTS (SELECT FROM engage_internal.dirty q WHERE q.subject = 'period') THEN
		RETURN NULL;
	END IF;
	done.did_work := true;
	BEGIN
		period := engage_internal.take_period();
		taken := true;
		DELETE FROM engage.set_aside a WHERE a.stage = 'top' AND a.rule_id = period.rule_id AND a.period_start = period.queued;
		/* point: between period and flags */
		outcome := engage_internal.assess_period(period.rule_id, period.period_start, run);
		PERFORM engage_internal.refresh_roster(engage_internal.callers_of_period(period.rule_id, period.period_start));
		done.raised := outcome.raised;
		done.changed := outcome.changed;
		done.withdrawn := outcome.withdrawn;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT;
		IF NOT taken OR NOT engage_internal.put_aside(run, 'top', SQLSTATE, problem, rule_id => period.rule_id, period_start => period.queued) THEN
			RAISE;
		END IF;
		DELETE FROM engage_internal.dirty q WHERE q.subject = 'period' AND q.rule_id = period.rule_id AND q.period_start = period.queued;
	END;
	PERFORM engage_internal.sum_up_late_day(run);
	RETURN done;
END
$$;
COMMENT ON FUNCTION engage_internal.stage_period(bigint, integer) IS
	'Takes one local period of a rule of kind top from the queue and updates its flags, or sets it aside if that fails. A stage of refresh.';

CREATE FUNCTION engage_internal.sum_up_next_day(run bigint, queued_before timestamptz) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
	queued timestamptz;
	problem text;
BEGIN
	SELECT q.period_start INTO queued FROM engage_internal.dirty q
	WHERE q.subject = 'day' AND q.period_start IS NOT NULL AND q.at < queued_before LIMIT 1;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	BEGIN
		PERFORM engage_internal.take_day(queued);
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT;
		IF NOT engage_internal.put_aside(run, 'day', SQLSTATE, problem, period_start => (
				SELECT engage.period_start(queued, 'day', o.zone) FROM engage.policy o)) THEN
			RAISE;
		END IF;
		DELETE FROM engage_internal.dirty q USING engage.policy o
		WHERE q.subject = 'day' AND q.period_start >= LEAST(queued, engage.period_start(queued, 'day', o.zone))
			AND (q.period_start <= queued OR q.period_start < engage.period_end(engage.period_start(queued, 'day', o.zone), 'day', o.zone));
	END;
	RETURN true;
END
$$;
COMMENT ON FUNCTION engage_internal.sum_up_next_day(bigint, timestamptz) IS
	'Takes from the queue one local day that has waited since before an instant and sums it up, or sets it aside if that fails; false if none waits. Part of refresh().';

CREATE FUNCTION engage_internal.stage_day(run bigint, batch_size integer) RETURNS engage_internal.stage_result
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	done engage_internal.stage_result;
BEGIN
	IF NOT engage_internal.sum_up_next_day(run, 'infinity') THEN
		RETURN NULL;
	END IF;
	done.did_work := true;
	RETURN done;
END
$$;
COMMENT ON FUNCTION engage_internal.stage_day(bigint, integer) IS
	'Takes one local day from the queue and sums it up. A stage of refresh.';

CREATE FUNCTION engage_internal.sum_up_late_day(run bigint) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM engage_internal.sum_up_next_day(run, clock_timestamp() - interval '30 seconds');
END
$$;
COMMENT ON FUNCTION engage_internal.sum_up_late_day(bigint) IS
	'Sums up a local day that has waited for 30 seconds: under a load that never pauses, stage_day() would never have its turn. Part of stage_callers() and stage_period().';

CREATE FUNCTION engage_internal.stage_scores(run bigint, batch_size integer) RETURNS engage_internal.stage_result
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	done engage_internal.stage_result;
	only_id bigint;
	problem text;
BEGIN
	IF NOT EXISTS (SELECT FROM engage_internal.dirty q WHERE q.subject = 'risk') THEN
		RETURN NULL;
	END IF;
	done.did_work := true;
	done.batch_size := stage_scores.batch_size;
	LOOP
		IF done.batch_size = 1 THEN
			SELECT q.caller_id INTO only_id FROM engage_internal.dirty q WHERE q.subject = 'risk' AND q.caller_id IS NOT NULL LIMIT 1;
		END IF;
		BEGIN
			done.scored := engage_internal.take_risks(run, done.batch_size, only_id);
			EXIT;
		EXCEPTION WHEN OTHERS THEN
			IF NOT engage_internal.is_fault_of_a_row(SQLSTATE) THEN
				RAISE;
			END IF;
			GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT;
			IF engage_internal.waits_for_many('{risk}') THEN
				PERFORM engage_internal.queue_each_risk();
				EXIT;
			ELSIF done.batch_size = 1 THEN
				IF NOT engage_internal.put_aside(run, 'score', SQLSTATE, problem, caller_id => only_id) THEN
					RAISE;
				END IF;
				DELETE FROM engage_internal.dirty q WHERE q.subject = 'risk' AND q.caller_id = only_id;
				EXIT;
			END IF;
			done.batch_size := done.batch_size / 2;
		END;
	END LOOP;
	RETURN done;
END
$$;
COMMENT ON FUNCTION engage_internal.stage_scores(bigint, integer) IS
	'Takes callers from the queue and scores them: all, or a batch that is halved if it fails. A caller that fails alone is set aside; if scoring all at once fails, each is queued. A stage of refresh.';

CREATE FUNCTION engage_internal.try_stage(run bigint, stage text, at_once boolean DEFAULT false) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	problem text;
BEGIN
	IF stage <> 'referrals' AND EXISTS (SELECT FROM engage.set_aside a WHERE a.stage = try_stage.stage AND a.retry_at > now()) THEN
		RETURN false;
	END IF;
	IF stage <> 'referrals' OR NOT at_once THEN
		PERFORM engage_internal.take_back(stage);
	END IF;
	CASE stage
		WHEN 'concentration' THEN
			RETURN engage_internal.measure_concentration();
		WHEN 'learn' THEN
			RETURN CASE WHEN at_once THEN engage_internal.learn_fillers() > 0 ELSE engage_internal.learn_fillers_if_due() END;
		ELSE
			IF at_once THEN
				PERFORM engage_internal.harvest_ripe_referrals();
			ELSE
				PERFORM engage.harvest_referrals();
			END IF;
			RETURN true;
	END CASE;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT;
	IF NOT engage_internal.put_aside(run, stage, SQLSTATE, problem) THEN
		RAISE;
	END IF;
	RETURN false;
END
$$;
COMMENT ON FUNCTION engage_internal.try_stage(bigint, text, boolean) IS
	'Runs a stage that processes all its subjects in one piece, and sets it aside if it fails; returns whether it did anything. concentration is measure_concentration(); learn is learn_fillers_if_due(), or learn_fillers() at once; referrals is harvest_referrals(), or harvest_ripe_referrals() at once. Part of refresh().';

CREATE FUNCTION engage_internal.stage_concentration(run bigint, batch_size integer) RETURNS engage_internal.stage_result
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	done engage_internal.stage_result;
BEGIN
	IF NOT engage_internal.try_stage(run, 'concentration') THEN
		RETURN NULL;
	END IF;
	done.did_work := true;
	RETURN done;
END
$$;
COMMENT ON FUNCTION engage_internal.stage_concentration(bigint, integer) IS
	'Measures once a day how concentrated contacts are. A stage of refresh.';

CREATE FUNCTION engage_internal.stage_learning(run bigint, batch_size integer) RETURNS engage_internal.stage_result
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	done engage_internal.stage_result;
BEGIN
	IF NOT engage_internal.try_stage(run, 'learn') THEN
		RETURN NULL;
	END IF;
	done.did_work := true;
	RETURN done;
END
$$;
COMMENT ON FUNCTION engage_internal.stage_learning(bigint, integer) IS
	'Learns once a day which values are fillers. A stage of refresh.';

CREATE FUNCTION engage_internal.require_read_committed() RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'the transaction isolation is not READ COMMITTED'
			USING ERRCODE = 'active_sql_transaction',
				HINT = 'SET default_transaction_isolation = ''read committed'', then CALL engage.refresh().';
	END IF;
END
$$;
COMMENT ON FUNCTION engage_internal.require_read_committed() IS
	'Refuses (25001) a transaction of another isolation level, whose steps would not see later commits. Part of refresh().';

-- definer: operators refresh without rights on contacts, callers or flags
CREATE FUNCTION engage_internal.refresh_begin(batch_size integer) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	run bigint;
BEGIN
	IF pg_is_in_recovery() THEN
		RAISE EXCEPTION 'cannot refresh on a standby'
			USING ERRCODE = 'read_only_sql_transaction', HINT = 'Run it on the primary; the standby follows.';
	END IF;
	PERFORM engage_internal.require_read_committed();
	IF (batch_size > 0) IS NOT TRUE THEN
		RAISE EXCEPTION 'a batch cannot have % queue rows', COALESCE(batch_size::text, 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'The default is 5000: CALL engage.refresh();';
	END IF;
	PERFORM FROM engage.policy;
	IF NOT FOUND THEN
		PERFORM engage_internal.refuse_without_setup();
	END IF;
	PERFORM FROM engage_internal.refresh_lock /* point: lock of a run */ FOR NO KEY UPDATE SKIP LOCKED;
	IF NOT FOUND THEN
		RETURN NULL;
	END IF;
	UPDATE engage.refresh_run r
	SET state = 'died', finished_at = clock_timestamp()
	WHERE r.state = 'running' AND (r.started_at < pg_postmaster_start_time()
		-- no run is in a step while we hold the lock; one whose session is alive takes its next step at once
		OR COALESCE(r.last_step_at, r.started_at) < clock_timestamp() - interval '1 minute' OR NOT EXISTS (
		-- other logins' backend_start is hidden from us
		SELECT FROM pg_stat_activity a
		WHERE a.pid = r.pid AND a.pid <> pg_backend_pid() AND COALESCE(a.backend_start <= r.started_at, true)));
	INSERT INTO engage.refresh_run DEFAULT VALUES RETURNING run_id INTO run;
	IF EXISTS (SELECT FROM engage.referral r WHERE r.link_state = 'waits') OR EXISTS (SELECT FROM engage.set_aside a WHERE a.stage = 'referrals') THEN
		PERFORM engage_internal.try_stage(run, 'referrals');
	END IF;
	PERFORM engage_internal.fill_calendar(d.day, d.day)
	FROM (SELECT engage.local_date(now(), o.zone) AS day FROM engage.policy o) d
	WHERE NOT EXISTS (SELECT FROM engage.calendar k WHERE k.day = d.day);
	IF engage_internal.scores_are_due() THEN
		PERFORM engage_internal.queue_risks();
	END IF;
	RETURN run;
END
$$;
COMMENT ON FUNCTION engage_internal.refresh_begin(integer) IS
	'Starts a run, in batches of batch_size queue rows, and returns its id; NULL if another refresh is running. Part of refresh().';

CREATE FUNCTION engage_internal.link_what_waits(run bigint, INOUT size integer, INOUT caller_ids bigint[])
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	linked record;
BEGIN
	-- a persona that is linked before similar ones are there, or before a handler's referral of it is known, would be linked twice
	IF EXISTS (SELECT FROM engage.referral r WHERE r.link_state = 'waits') AND NOT engage_internal.more_personas_wait(run) THEN
		PERFORM engage_internal.try_stage(run, 'referrals', true);
	END IF;
	IF engage_internal.identities_wait() AND NOT engage_internal.more_personas_wait(run) THEN
		-- what is learnt to be a filler is left out before all are linked
		IF engage_internal.wants_linking_of_everything() AND engage_internal.try_stage(run, 'learn', true) THEN
			caller_ids := COALESCE(caller_ids, '{}');
		ELSE
			linked := engage_internal.link_some(run, size);
			size := linked.size;
			caller_ids := COALESCE(caller_ids, '{}') || linked.caller_ids;
			IF linked.everybody THEN
				PERFORM engage_internal.assign_pseudonyms(caller_ids);
				PERFORM engage_internal.sum_up_everybody(run);
				PERFORM engage_internal.queue_callers(caller_ids);
				PERFORM engage_internal.queue_risks();
				caller_ids := '{}';
			END IF;
		END IF;
	END IF;
END
$$;
COMMENT ON FUNCTION engage_internal.link_what_waits(bigint, integer, bigint[]) IS
	'Links the personas that wait for it, once all that the run found are counted. Returns the size of a batch that worked, and the given callers with those that changed, NULL if there are none. Part of refresh().';

CREATE FUNCTION engage_internal.sum_up_what_changed(run bigint, batch_size integer, caller_ids bigint[]) RETURNS bigint[]
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF caller_ids IS NULL THEN
		RETURN engage_internal.take_callers(batch_size);
	END IF;
	PERFORM engage_internal.assign_pseudonyms(caller_ids);
	PERFORM engage_internal.compute_callers(run, 'sum up', caller_ids);
	PERFORM engage_internal.queue_risks(caller_ids);
	IF engage_internal.more_personas_wait(run) OR engage_internal.identities_wait() THEN
		PERFORM engage_internal.queue_callers(caller_ids);
		RETURN '{}'::bigint[];
	END IF;
	RETURN caller_ids || engage_internal.take_callers(batch_size);
END
$$;
COMMENT ON FUNCTION engage_internal.sum_up_what_changed(bigint, integer, bigint[]) IS
	'Sums up the callers that changed, and returns those whose flags must be computed now: these and a batch of those that wait, or none while personas still wait. NULL if none are left. Part of refresh().';

CREATE FUNCTION engage_internal.stage_callers(run bigint, batch_size integer) RETURNS engage_internal.stage_result
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	done engage_internal.stage_result;
	counted record;
	linked record;
	assessed engage_internal.stage_result;
	caller_ids bigint[];
BEGIN
	done.did_work := true;
	done.batch_size := stage_callers.batch_size;
	IF EXISTS (SELECT FROM engage_internal.dirty q WHERE q.subject = 'persona') THEN
		/* point: before personas are counted */
		counted := engage_internal.count_some(run, done.batch_size);
		done.batch_size := counted.size;
		done.personas := cardinality(counted.persona_keys);
		caller_ids := counted.caller_ids;
		/* point: between personas and callers */
	END IF;
	linked := engage_internal.link_what_waits(run, done.batch_size, caller_ids);
	done.batch_size := linked.size;
	caller_ids := engage_internal.sum_up_what_changed(run, batch_size, linked.caller_ids);
	IF caller_ids IS NULL THEN
		RETURN NULL;
	END IF;
	done.callers := cardinality(caller_ids);
	assessed := engage_internal.compute_callers(run, 'flags', caller_ids);
	done.raised := assessed.raised;
	done.changed := assessed.changed;
	done.withdrawn := assessed.withdrawn;
	PERFORM engage_internal.sum_up_late_day(run);
	RETURN done;
END
$$;
COMMENT ON FUNCTION engage_internal.stage_callers(bigint, integer) IS
	'Takes a batch of personas from the queue, counts and links them, sums up their callers and updates the flags, all in one transaction, so that nobody sees a part of it. Also takes callers from the queue whose flags wait. A stage of refresh.';

CREATE FUNCTION engage_internal.refresh_work(run bigint, batch_size integer) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	allowed constant integer := LEAST(batch_size, (SELECT r.batch_limit FROM engage.refresh_run r WHERE r.run_id = run));
	done engage_internal.stage_result;
BEGIN
	PERFORM engage_internal.queue_what_is_due();
	-- the stages, in their order: a step ends with the first that has something to do
	done := COALESCE(
		engage_internal.stage_expand(run, allowed),
		engage_internal.stage_callers(run, allowed),
		engage_internal.stage_period(run, allowed),
		engage_internal.stage_day(run, allowed),
		engage_internal.stage_scores(run, allowed),
		engage_internal.stage_concentration(run, allowed),
		engage_internal.stage_learning(run, allowed));
	IF done IS NULL THEN
		RETURN false;
	END IF;
	UPDATE engage.refresh_run r
	SET steps = r.steps + 1, last_step_at = clock_timestamp(),
		personas = r.personas + COALESCE(done.personas, 0), callers = r.callers + COALESCE(done.callers, 0),
		flags_raised = r.flags_raised + COALESCE(done.raised, 0), flags_changed = r.flags_changed + COALESCE(done.changed, 0),
		flags_withdrawn = r.flags_withdrawn + COALESCE(done.withdrawn, 0), scored = r.scored + COALESCE(done.scored, 0),
		-- smaller batches after one that failed, until all is well again
		batch_limit = CASE WHEN done.batch_size < allowed THEN done.batch_size WHEN allowed < refresh_work.batch_size / 2 THEN allowed * 2 END
	WHERE r.run_id = run;
	RETURN true;
END
$$;
COMMENT ON FUNCTION engage_internal.refresh_work(bigint, integer) IS
	'Takes one step under the lock: runs the first stage that has something to do, and adds what it did to refresh_run; false if none has. Part of refresh().';

-- definer: operators refresh without rights on contacts, callers or flags
CREATE FUNCTION engage_internal.refresh_step(run bigint, batch_size integer) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
	problem text;
	more boolean := false;
BEGIN
	PERFORM FROM engage.refresh_run r WHERE r.run_id = run AND r.pid = pg_backend_pid() AND r.state IN ('running', 'died');
	IF NOT FOUND THEN
		RAISE EXCEPTION 'run % is not running in this session', COALESCE(run::text, 'NULL')
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'CALL engage.refresh() starts a run and takes its steps.';
	END IF;
	PERFORM engage_internal.require_read_committed();
	PERFORM FROM engage_internal.refresh_lock /* point: lock of a step */ FOR NO KEY UPDATE SKIP LOCKED;
	IF FOUND THEN
		BEGIN
			/* point: between lock and work */
			more := engage_internal.refresh_work(run, batch_size);
			/* point: before the commit */
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT;
			UPDATE engage.refresh_run r
			SET state = 'failed', finished_at = clock_timestamp(), error_code = SQLSTATE, error_message = problem
			WHERE r.run_id = run;
			RETURN false;
		END;
	ELSE
		RAISE NOTICE 'another refresh is running';
	END IF;
	IF NOT more THEN
		UPDATE engage.refresh_run r SET state = 'done', finished_at = clock_timestamp() WHERE r.run_id = run;
	END IF;
	RETURN more;
END
$$;
COMMENT ON FUNCTION engage_internal.refresh_step(bigint, integer) IS
	'One step of a run, in the caller''s transaction; false if the run is over: the queue is empty, another refresh took over, or it failed, as the run''s row shows. An error (55000) if the run is not running in this session. Part of refresh().';

-- definer: operators refresh without rights on contacts, callers or flags
CREATE FUNCTION engage_internal.refresh_end(run bigint) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	ended engage.refresh_run;
BEGIN
	SELECT * INTO ended FROM engage.refresh_run r WHERE r.run_id = run;
	IF ended.state = 'failed' THEN
		RAISE EXCEPTION 'refresh failed: %', ended.error_message
			USING ERRCODE = ended.error_code, DETAIL = format('Run %s; what earlier steps did stays, nothing is half done.', run),
				HINT = 'Fix the cause, then CALL engage.refresh() again.';
	END IF;
END
$$;
COMMENT ON FUNCTION engage_internal.refresh_end(bigint) IS 'Raises the error of a run that failed, after it was recorded. Part of refresh().';

CREATE FUNCTION engage_internal.refuse_transaction_block(verb text) RETURNS void
	AS 'MODULE_PATHNAME', 'engage_refuse_transaction_block' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION engage_internal.refuse_transaction_block(text) IS
	'Refuses (25001, with a hint) to run inside a transaction block, for procedures that commit as they go. verb is the name of the procedure.';

CREATE PROCEDURE engage.refresh(batch_size integer DEFAULT 5000)
	LANGUAGE plpgsql
AS $$
DECLARE
	run bigint;
BEGIN
	run := engage_internal.refresh_begin(batch_size);
	PERFORM engage_internal.refuse_transaction_block('refresh()');
	COMMIT;
	IF run IS NULL THEN
		RAISE NOTICE 'another refresh is running';
		RETURN;
	END IF;
	/* point: between begin and steps */
	WHILE engage_internal.refresh_step(run, batch_size) LOOP
		COMMIT;
		/* point: between two steps */
	END LOOP;
	COMMIT;
	PERFORM engage_internal.refresh_end(run);
END
$$;
COMMENT ON PROCEDURE engage.refresh(integer) IS
	'Updates personas, callers and flags with all changes since the last refresh, in batches of batch_size queue rows with a COMMIT after each. Call it outside a transaction block. If another refresh is running, it returns with a notice. If it is killed or cancelled at any point, the next call carries on.';

-- definer: operators rebuild without rights on the queue
CREATE FUNCTION engage.queue_all() RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	INSERT INTO engage_internal.dirty (subject, cause) VALUES ('everything', 'rebuild');
END;
COMMENT ON FUNCTION engage.queue_all() IS
	'Puts all personas, callers and periods into the queue: after a change that triggers could not see, such as a restore of contacts alone.';

CREATE PROCEDURE engage.rebuild(batch_size integer DEFAULT 5000)
	LANGUAGE plpgsql
AS $$
BEGIN
	PERFORM engage.queue_all();
	PERFORM engage_internal.refuse_transaction_block('rebuild()');
	-- refresh() does the COMMIT of this, or refuses
	CALL engage.refresh(batch_size);
END
$$;
COMMENT ON PROCEDURE engage.rebuild(integer) IS
	'Computes everything again from contacts, in batches as refresh() does. Flags and caller ids stay; if everything was right, nothing changes.';

CREATE FUNCTION engage_internal.is_sampled(key text, sample double precision) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (hashtextextended(key, 0) & 65535) < (COALESCE(sample, 1) * 65536);
COMMENT ON FUNCTION engage_internal.is_sampled(text, double precision) IS
	'Whether a subject is in a sample of this share (0 to 1; all for NULL); the same ones every time.';
