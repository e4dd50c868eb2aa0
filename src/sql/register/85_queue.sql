/*
 * The queue: rows that stand for many subjects become a row per subject, and
 * what is due at a time of its own is queued.
 */

CREATE FUNCTION engage_internal.expand_everything() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO engage_internal.dirty (subject, persona_key, cause)
	SELECT 'persona', u.persona_key, 'everything'
	FROM (SELECT c.persona_key FROM engage.contact c WHERE c.persona_key IS NOT NULL
		UNION SELECT p.persona_key FROM engage.persona p
		UNION SELECT t.persona_key FROM engage.persona_timeline t) u;
	-- each is put there again when it is computed
	DELETE FROM engage_internal.later;
	-- learnt again before all are linked
	DELETE FROM engage.learnt_filler;
	INSERT INTO engage_internal.dirty (subject, cause) VALUES ('identity', 'everything');
	PERFORM engage_internal.trim_calendar();
END
$$;
COMMENT ON FUNCTION engage_internal.expand_everything() IS
	'Queues every persona, to be counted, and all to be linked. Part of stage_expand().';

CREATE FUNCTION engage_internal.expand_numbers(numbers text[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	DELETE FROM engage.shared_number s WHERE s.number = ANY (numbers);
	INSERT INTO engage_internal.dirty (subject, persona_key, cause)
	SELECT DISTINCT 'identity', p.persona_key, 'known number'
	FROM unnest(numbers) n (number) JOIN engage.persona p ON p.number = n.number;
END
$$;
COMMENT ON FUNCTION engage_internal.expand_numbers(text[]) IS
	'Queues the personas that have a number which became, or was, a known number, to be linked. Part of stage_expand().';

CREATE FUNCTION engage_internal.expand_fillers(fillers text[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	numbers constant text[] := ARRAY(SELECT substr(f.filler, 8) FROM unnest(fillers) f (filler) WHERE f.filler LIKE 'number:%');
BEGIN
	INSERT INTO engage_internal.dirty (subject, persona_key, cause)
	SELECT 'persona', u.persona_key, 'filler'
	FROM (
		-- from contacts: personas have lost what was a filler so far
		SELECT c.persona_key FROM engage.contact c
		WHERE c.persona_key IS NOT NULL
			AND engage_internal.has_value(NULL, c.given_name, c.family_name, c.date_of_birth, c.address, c.postcode, c.email, c.imei, c.nominal_ref,
				c.identity_details, (SELECT engage_internal.identity_detail_kinds()), fillers)
		UNION
		SELECT p.persona_key
		FROM unnest(numbers) n (number), LATERAL engage_internal.persona_keys_of_number(n.number) k
		JOIN engage.persona p ON p.persona_key BETWEEN k.low AND k.high
	) u;
	DELETE FROM engage.shared_number s WHERE s.number = ANY (numbers);
END
$$;
COMMENT ON FUNCTION engage_internal.expand_fillers(text[]) IS
	'Queues the personas that have a value which became, or was, a filler, to be counted. Part of stage_expand().';

CREATE FUNCTION engage_internal.expand_rules(rule_ids integer[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF rule_ids IS NULL OR EXISTS (SELECT FROM engage.rule r WHERE r.rule_id = ANY (rule_ids) AND r.kind = 'criteria') THEN
		INSERT INTO engage_internal.dirty (subject, caller_id, cause)
		SELECT 'caller', u.caller_id, 'rule'
		FROM (SELECT c.caller_id FROM engage.caller c WHERE c.contacts > 0
			UNION SELECT f.caller_id FROM engage.flag f WHERE f.withdrawn_at IS NULL) u;
	END IF;
	INSERT INTO engage_internal.dirty (subject, rule_id, period_start, cause)
	SELECT 'period', r.rule_id, p.period_start, 'rule'
	FROM engage.rule r, LATERAL engage_internal.periods_of(r.rule_id) p (period_start)
	WHERE r.kind = 'top' AND (rule_ids IS NULL OR r.rule_id = ANY (rule_ids));
	PERFORM engage_internal.queue_risks();
END
$$;
COMMENT ON FUNCTION engage_internal.expand_rules(integer[]) IS
	'Queues the callers and periods to which rules, or all of them (NULL), may apply, and all to be scored. Part of stage_expand().';

CREATE FUNCTION engage_internal.stage_expand(run bigint, batch_size integer) RETURNS engage_internal.stage_result
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	done engage_internal.stage_result;
	subjects text[];
	numbers text[];
	fillers text[];
	rule_ids integer[];
	everything boolean;
BEGIN
	IF NOT engage_internal.waits_for_many('{day,everything,filler,number,roster,rule}') THEN
		RETURN NULL;
	END IF;
	WITH gone AS (
		DELETE FROM engage_internal.dirty q
		WHERE q.subject IN ('everything', 'filler', 'number', 'roster', 'rule') OR q.subject = 'day' AND q.period_start IS NULL
		RETURNING q.subject, q.number, q.filler, q.rule_id
	)
	SELECT array_agg(DISTINCT g.subject), array_agg(g.number) FILTER (WHERE g.subject = 'number'),
		array_agg(g.filler) FILTER (WHERE g.subject = 'filler'), array_agg(g.rule_id) FILTER (WHERE g.subject = 'rule')
	INTO subjects, numbers, fillers, rule_ids FROM gone g;
	everything := 'everything' = ANY (subjects);
	IF everything THEN
		PERFORM engage_internal.expand_everything();
	END IF;
	IF numbers IS NOT NULL THEN
		PERFORM engage_internal.expand_numbers(numbers);
	END IF;
	IF fillers IS NOT NULL THEN
		PERFORM engage_internal.expand_fillers(fillers);
	END IF;
	IF everything OR rule_ids IS NOT NULL THEN
		PERFORM engage_internal.expand_rules(CASE WHEN NOT everything THEN rule_ids END);
	END IF;
	IF everything OR 'day' = ANY (subjects) THEN
		PERFORM engage_internal.fill_calendar(d.day, d.day)
		FROM (SELECT engage.local_date(now(), o.zone) AS day FROM engage.policy o) d;
		PERFORM engage_internal.queue_days();
	END IF;
	IF everything OR 'roster' = ANY (subjects) THEN
		PERFORM engage_internal.refresh_all_rosters();
	END IF;
	done.did_work := true;
	RETURN done;
END
$$;
COMMENT ON FUNCTION engage_internal.stage_expand(bigint, integer) IS
	'Replaces the queue rows that stand for many subjects by one row per subject, except those that a later stage deals with as one: all identities, and all scores. The whole roster is computed at once. A stage of refresh.';

CREATE FUNCTION engage_internal.queue_what_is_due() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
BEGIN
	IF EXISTS (SELECT FROM engage_internal.later l WHERE l.due_at <= now()) THEN
		WITH due AS (
			DELETE FROM engage_internal.later l WHERE l.due_at <= now()
			RETURNING l.subject, l.persona_key, l.period_start, l.due_at
		)
		INSERT INTO engage_internal.dirty (subject, persona_key, period_start, cause, at)
		SELECT d.subject, d.persona_key, d.period_start, 'due', d.due_at FROM due d;
	END IF;
	IF EXISTS (SELECT FROM engage.set_aside a WHERE a.retry_at <= now()) THEN
		PERFORM engage_internal.queue_what_was_put_aside();
	END IF;
END
$$;
COMMENT ON FUNCTION engage_internal.queue_what_is_due() IS
	'Queues the subjects whose future contacts are now in the past, and those set aside that are due for another try. Part of refresh_work().';
