/*
 * What analysts ask: who is flagged, why, and what other thresholds would do.
 */

CREATE VIEW engage.repeat_caller WITH (security_barrier) AS
SELECT f.flag_id, f.caller_id, r.name AS rule, r.version AS rule_version, f.criteria_met::text[] AS criteria_met,
	f.met_at AS flagged_since, f.started_at, f.ended_at AS last_met_at, f.contacts, f.peak,
	c.contacts AS all_contacts, c.last_at AS last_contact_at, f.raised_at, f.data_as_of
FROM engage.flag f
JOIN engage.rule r ON r.rule_id = f.rule_id
JOIN engage.caller c ON c.caller_id = f.caller_id
CROSS JOIN engage.policy o
WHERE f.withdrawn_at IS NULL AND f.ended_at > pg_catalog.now() - o.flag_current_for;
COMMENT ON VIEW engage.repeat_caller IS
	'Who is flagged now: flags that stand and whose last meeting contact is not older than policy.flag_current_for.';
COMMENT ON COLUMN engage.repeat_caller.contacts IS 'Contacts of the episode.';
COMMENT ON COLUMN engage.repeat_caller.all_contacts IS 'All counted contacts of the caller.';

CREATE VIEW engage.contact_caller WITH (security_barrier) AS
SELECT c.contact_id, p.caller_id
FROM engage.contact c
JOIN engage.persona p ON p.persona_key = c.persona_key
WHERE p.caller_id IS NOT NULL;
COMMENT ON VIEW engage.contact_caller IS 'The caller of each contact, as of the last refresh; contacts whose caller cannot be told have no row.';

-- definer: analysts see the contacts of a flag without reading their identifying details
CREATE FUNCTION engage.explain_flag(flag_id bigint,
		OUT rule text, OUT rule_version integer, OUT criteria engage.criterion[], OUT data_as_of timestamptz,
		OUT contact_id bigint, OUT occurred_at timestamptz, OUT channel engage.contact_channel, OUT source text, OUT source_ref text,
		OUT meets engage.criterion[]) RETURNS SETOF record
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	flagged engage.flag;
	ruled engage.rule;
	times engage.timeline;
BEGIN
	SELECT * INTO flagged FROM engage.flag f WHERE f.flag_id = explain_flag.flag_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no flag %', explain_flag.flag_id
			USING ERRCODE = 'no_data_found', HINT = 'SELECT flag_id FROM engage.flag lists them all.';
	END IF;
	SELECT * INTO ruled FROM engage.rule r WHERE r.rule_id = flagged.rule_id;
	SELECT engage.rollup(t.timeline) INTO times
	FROM engage.persona p JOIN engage.persona_timeline t ON t.persona_key = p.persona_key
	WHERE p.caller_id = flagged.caller_id AND (ruled.channels IS NULL OR t.channel = ANY (ruled.channels));

	RETURN QUERY
	SELECT ruled.name, ruled.version, ruled.criteria, flagged.data_as_of,
		c.contact_id, c.occurred_at, c.channel, c.source, c.source_ref,
		ARRAY(SELECT k FROM unnest(ruled.criteria) k
			WHERE EXISTS (SELECT FROM engage.episodes(times, ARRAY[k], c.occurred_at, c.occurred_at + interval '1 microsecond')))
	FROM engage.persona p JOIN engage.contact c ON c.persona_key = p.persona_key
	WHERE p.caller_id = flagged.caller_id AND c.occurred_at BETWEEN flagged.started_at AND flagged.ended_at
		AND c.direction = 'inbound' AND c.callback_of IS NULL AND c.duplicate_of IS NULL
		AND (ruled.channels IS NULL OR c.channel = ANY (ruled.channels))
	ORDER BY c.occurred_at, c.contact_id;
END
$$;
COMMENT ON FUNCTION engage.explain_flag(bigint) IS
	'Why a flag stands: its rule''s version and criteria, when its figures were computed, and every contact of its episode with the criteria met at it. An error (P0002) for a flag that is not there.';

-- definer: analysts try thresholds without reading identifying details
CREATE FUNCTION engage.back_test(criteria engage.criterion[], from_at timestamptz, to_at timestamptz,
		channels engage.contact_channel[] DEFAULT NULL,
		OUT caller_id bigint, OUT episode_no integer, OUT started_at timestamptz, OUT met_at timestamptz, OUT ended_at timestamptz,
		OUT contacts bigint, OUT peak bigint, OUT criteria_met engage.criterion[]) RETURNS SETOF record
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF criteria IS NULL OR from_at IS NULL OR to_at IS NULL OR from_at >= to_at THEN
		RAISE EXCEPTION 'a back-test needs criteria and a stretch of time'
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'SELECT * FROM engage.back_test(''{5 in 1 day, 10 in 7 days}'', ''2026-01-01'', ''2026-04-01'');';
	END IF;
	IF channels IS NULL THEN
		RETURN QUERY
		SELECT c.caller_id, e.* FROM engage.caller c, LATERAL engage.episodes(c.timeline, criteria, from_at, to_at) e;
	ELSE
		RETURN QUERY
		SELECT c.caller_id, e.*
		FROM (
			SELECT p.caller_id, engage.rollup(t.timeline) AS timeline
			FROM engage.persona p JOIN engage.persona_timeline t ON t.persona_key = p.persona_key
			WHERE p.caller_id IS NOT NULL AND t.channel = ANY (channels)
			GROUP BY p.caller_id
		) c, LATERAL engage.episodes(c.timeline, criteria, from_at, to_at) e;
	END IF;
END
$$;
COMMENT ON FUNCTION engage.back_test(engage.criterion[], timestamptz, timestamptz, engage.contact_channel[]) IS
	'Who would have been flagged from from_at up to but not including to_at under any criteria, when and how often: one row a caller and episode, from all contacts known by the last refresh. Counting rows a week gives the work.';
