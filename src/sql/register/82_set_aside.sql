/*
 * Set aside: what refresh could not compute, so that the rest goes on.
 *
 * A stage of refresh that fails on some row of a batch is tried with smaller
 * batches until one subject is left.  That one is set aside, reported by
 * health(), and tried again when it changes and after a growing pause.
 */

CREATE TABLE engage.set_aside (
	stage text NOT NULL CHECK (stage = ANY (ARRAY['count', 'link', 'sum up', 'flags', 'top', 'day', 'score', 'fit', 'concentration', 'referrals', 'learn'])),
	persona_key uuid,
	caller_id bigint,
	rule_id integer,
	period_start timestamptz,
	error_code text NOT NULL,
	error_message text NOT NULL,
	first_at timestamptz NOT NULL DEFAULT now(),
	last_at timestamptz NOT NULL DEFAULT now(),
	tries integer NOT NULL DEFAULT 1,
	retry_at timestamptz NOT NULL,
	CONSTRAINT set_aside_once UNIQUE NULLS NOT DISTINCT (stage, persona_key, caller_id, rule_id, period_start)
);
COMMENT ON TABLE engage.set_aside IS
	'What refresh could not compute and left as it was, so that the rest could go on: one row per subject, identified by the columns that go with the stage. set_aside_contact lists the contacts behind it. Made by refresh, which deletes the row once the subject can be computed.';
COMMENT ON COLUMN engage.set_aside.stage IS
	'Which stage failed: count (a persona from its contacts), link (a persona), sum up, flags, score (a caller), top (a period of a rule), day (a local day), fit (the risk factors), concentration, referrals.';
COMMENT ON COLUMN engage.set_aside.period_start IS 'When the local day or period began.';
COMMENT ON COLUMN engage.set_aside.error_code IS 'SQLSTATE of the error.';
COMMENT ON COLUMN engage.set_aside.error_message IS 'The error message. Text in quotation marks is removed, as it may be personal data.';
COMMENT ON COLUMN engage.set_aside.tries IS 'How often it failed.';
COMMENT ON COLUMN engage.set_aside.retry_at IS 'When the next refresh tries it again, unless it changes earlier; infinity while it is in the queue.';
SELECT pg_extension_config_dump('engage.set_aside', '');

CREATE FUNCTION engage_internal.is_fault_of_a_row(error_code text) RETURNS boolean
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN "left"(error_code, 2) = ANY (ARRAY['20', '21', '22', '23', '2F', '38', '39', '54', 'P0']);
COMMENT ON FUNCTION engage_internal.is_fault_of_a_row(text) IS
	'Whether a value may be the cause of an error with this SQLSTATE: bad data, a constraint, a limit, or an error raised by a function. False for cancels, shutdowns, deadlocks, a full disk, lack of memory, missing rights or a broken installation, which end a run.';

CREATE FUNCTION engage_internal.put_aside(run bigint, stage text, error_code text, message text, persona_key uuid DEFAULT NULL, caller_id bigint DEFAULT NULL,
		rule_id integer DEFAULT NULL, period_start timestamptz DEFAULT NULL) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	-- if so many fail, a row is not the cause
	IF NOT engage_internal.is_fault_of_a_row(put_aside.error_code)
			OR (SELECT r.set_aside >= 1000 FROM engage.refresh_run r WHERE r.run_id = put_aside.run) THEN
		RETURN false;
	END IF;
	INSERT INTO engage.set_aside AS a (stage, persona_key, caller_id, rule_id, period_start, error_code, error_message, retry_at)
	VALUES (put_aside.stage, put_aside.persona_key, put_aside.caller_id, put_aside.rule_id, put_aside.period_start, put_aside.error_code,
		"left"(regexp_replace(put_aside.message, '"[^"]*"', '"..."', 'g'), 500), now() + interval '5 minutes')
	ON CONFLICT ON CONSTRAINT set_aside_once DO UPDATE
	SET error_code = excluded.error_code, error_message = excluded.error_message, last_at = now(), tries = a.tries + 1,
		retry_at = now() + LEAST(interval '5 minutes' * 2 ^ LEAST(a.tries, 10), interval '1 day');
	UPDATE engage.refresh_run r SET set_aside = r.set_aside + 1 WHERE r.run_id = put_aside.run;
	RETURN true;
END
$$;
COMMENT ON FUNCTION engage_internal.put_aside(bigint, text, text, text, uuid, bigint, integer, timestamptz) IS
	'Sets aside a subject that a stage of this run could not compute. Returns false, and does nothing, if a row is not the cause, or if so many were set aside that a row cannot be. Part of refresh().';

CREATE FUNCTION engage_internal.take_back(stage text, persona_keys uuid[] DEFAULT NULL, caller_ids bigint[] DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- usually there is none
	IF EXISTS (SELECT FROM engage.set_aside) THEN
		DELETE FROM engage.set_aside a
		WHERE a.stage = take_back.stage
			AND (persona_keys IS NULL OR a.persona_key = ANY (persona_keys)) AND (caller_ids IS NULL OR a.caller_id = ANY (caller_ids));
	END IF;
END
$$;
COMMENT ON FUNCTION engage_internal.take_back(text, uuid[], bigint[]) IS
	'Forgets that these subjects of a stage, or all of the stage, were set aside, because they are being computed now. Undone if what follows fails. Part of refresh().';

CREATE FUNCTION engage_internal.queue_what_was_put_aside() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	WITH due AS (
		UPDATE engage.set_aside a SET retry_at = 'infinity'
		WHERE a.retry_at <= now() AND a.stage IN ('count', 'link', 'sum up', 'flags', 'top', 'day', 'score')
		RETURNING a.*
	)
	INSERT INTO engage_internal.dirty (subject, persona_key, caller_id, rule_id, period_start, cause)
	SELECT CASE d.stage WHEN 'count' THEN 'persona' WHEN 'link' THEN 'identity' WHEN 'flags' THEN 'caller' WHEN 'top' THEN 'period'
			WHEN 'score' THEN 'risk' ELSE d.stage END, d.persona_key, d.caller_id, d.rule_id, d.period_start, 'set aside'
	FROM due d WHERE d.stage <> 'sum up'
	UNION ALL
	-- its personas have been counted, so the caller is summed up
	SELECT 'persona', p.persona_key, NULL, NULL, NULL, 'set aside'
	FROM due d JOIN engage.persona p ON p.caller_id = d.caller_id
	WHERE d.stage = 'sum up';
	DELETE FROM engage.set_aside a
	WHERE a.stage = 'sum up' AND NOT EXISTS (SELECT FROM engage.persona p WHERE p.caller_id = a.caller_id);
END
$$;
COMMENT ON FUNCTION engage_internal.queue_what_was_put_aside() IS 'Queues what was set aside and is due for another try. Part of refresh().';

CREATE FUNCTION engage_internal.find_unreadable_personas(run bigint, persona_keys uuid[]) RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	half constant integer := cardinality(persona_keys) / 2;
	problem text;
BEGIN
	PERFORM FROM engage_internal.persona_blocks(COALESCE(engage.current_linkage_model(), (SELECT max(m.model_id) FROM engage.linkage_model m)), persona_keys);
	RETURN 0;
EXCEPTION WHEN OTHERS THEN
	IF NOT engage_internal.is_fault_of_a_row(SQLSTATE) THEN
		RAISE;
	END IF;
	IF half = 0 THEN
		GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT;
		IF NOT engage_internal.put_aside(run, 'link', SQLSTATE, problem, persona_key => persona_keys[1]) THEN
			RAISE;
		END IF;
		RETURN 1;
	END IF;
	RETURN engage_internal.find_unreadable_personas(run, persona_keys[:half]) + engage_internal.find_unreadable_personas(run, persona_keys[half + 1:]);
END
$$;
COMMENT ON FUNCTION engage_internal.find_unreadable_personas(bigint, uuid[]) IS
	'Sets aside those of the personas that linkage cannot even read, and returns how many. They are then left out of it. Part of refresh().';

CREATE FUNCTION engage_internal.find_unreadable_personas(run bigint) RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	persona_keys uuid[];
	last_key uuid;
	found integer := 0;
BEGIN
	LOOP
		persona_keys := ARRAY(SELECT p.persona_key FROM engage.persona p WHERE last_key IS NULL OR p.persona_key > last_key
			ORDER BY p.persona_key LIMIT 10000);
		EXIT WHEN persona_keys = '{}';
		last_key := persona_keys[cardinality(persona_keys)];
		found := found + engage_internal.find_unreadable_personas(run, persona_keys);
	END LOOP;
	RETURN found;
END
$$;
COMMENT ON FUNCTION engage_internal.find_unreadable_personas(bigint) IS 'Does the same for all personas. Part of refresh().';
