/*
 * Callers who change: how often they call, and how.
 *
 * Volume and severity are measured separately: harm can rise while the number
 * of contacts stays the same.
 */

CREATE FUNCTION engage_internal.with_q_values(p double precision[]) RETURNS TABLE (place bigint, q_value double precision)
	LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
	SELECT u.ordinality, u.q FROM unnest(engage.benjamini_hochberg(p)) WITH ORDINALITY u (q, ordinality);
END;
COMMENT ON FUNCTION engage_internal.with_q_values(double precision[]) IS
	'benjamini_hochberg() as rows, with the place of each p-value in the array.';

-- definer: analysts see shares of a caller's contacts, not who called
CREATE FUNCTION engage.shifts_at(as_of timestamptz, recent interval DEFAULT '28 days', baseline interval DEFAULT '84 days', at_least integer DEFAULT 5,
		OUT caller_id bigint, OUT kind text, OUT value text, OUT recent_contacts bigint, OUT recent_of bigint,
		OUT baseline_contacts bigint, OUT baseline_of bigint, OUT ratio double precision, OUT lower double precision,
		OUT upper double precision, OUT p_value double precision, OUT q_value double precision) RETURNS SETOF record
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $$
#variable_conflict use_column
DECLARE
	recent_from constant timestamptz := as_of - recent;
	baseline_from constant timestamptz := as_of - recent - baseline;
	busy bigint[];
BEGIN
	IF as_of IS NULL OR NOT isfinite(as_of) OR recent IS NULL OR recent <= '0'::interval OR baseline IS NULL OR baseline <= '0'::interval
			OR at_least IS NULL OR at_least < 1 THEN
		RAISE EXCEPTION 'as_of is not finite, or recent, baseline or at_least is not positive'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'SELECT * FROM engage.shifts_at(now(), recent => ''28 days'', baseline => ''84 days'');';
	END IF;
	busy := ARRAY(SELECT c.caller_id FROM engage.caller c
		WHERE c.last_at > recent_from AND c.first_at <= recent_from AND c.contacts > at_least
			AND engage.num_contacts(c.timeline, recent_from, as_of) >= at_least
			AND engage.num_contacts(c.timeline, baseline_from, recent_from) > 0);
	RETURN QUERY
	WITH seen AS MATERIALIZED (
		SELECT p.caller_id, t.occurred_at > recent_from AS is_recent, h.is_emergency,
			n.is_night AS at_night, t.subject, t.qualifiers
		FROM engage.policy o, unnest(busy) b (caller_id), LATERAL (
				SELECT x.persona_key, x.caller_id FROM engage.persona x WHERE x.caller_id = b.caller_id OFFSET 0
			) p, LATERAL (
				SELECT x.* FROM engage_internal.counted_contact x
				WHERE x.persona_key = p.persona_key AND x.occurred_at > baseline_from AND x.occurred_at <= as_of
				OFFSET 0	-- so that the planner uses the index, once per persona
			) t, engage_internal.current_channel h, engage_internal.preset_hour n
		WHERE h.channel = t.channel AND n.time_key = date_part('hour', timezone(o.zone, t.occurred_at))::integer
	), counted AS MATERIALIZED (
		SELECT s.caller_id, count(*) FILTER (WHERE s.is_recent) AS recent_of, count(*) FILTER (WHERE NOT s.is_recent) AS baseline_of,
			count(*) FILTER (WHERE s.is_recent AND s.is_emergency) AS recent_emergency, count(*) FILTER (WHERE NOT s.is_recent AND s.is_emergency) AS baseline_emergency,
			count(*) FILTER (WHERE s.is_recent AND s.at_night) AS recent_night, count(*) FILTER (WHERE NOT s.is_recent AND s.at_night) AS baseline_night
		FROM seen s GROUP BY s.caller_id
		-- timelines may not yet have the latest contacts
		HAVING count(*) FILTER (WHERE s.is_recent) >= at_least AND count(*) FILTER (WHERE NOT s.is_recent) > 0
	), compared AS MATERIALIZED (
		SELECT row_number() OVER (ORDER BY k.kind, c.caller_id) AS place, c.caller_id, k.*, c.recent_of, c.baseline_of, r.ratio, r.lower, r.upper, r.p_value
		FROM counted c,
			LATERAL (VALUES ('emergency', c.recent_emergency, c.baseline_emergency), ('night', c.recent_night, c.baseline_night)) k (kind, recent_contacts, baseline_contacts),
			LATERAL engage.rate_ratio(k.recent_contacts, c.recent_of::double precision, k.baseline_contacts, c.baseline_of::double precision) r
		WHERE k.recent_contacts + k.baseline_contacts > 0
	), new_value AS (
		SELECT s.caller_id, v.kind, v.value, count(*) FILTER (WHERE s.is_recent) AS recent_contacts, count(*) FILTER (WHERE NOT s.is_recent) AS baseline_contacts
		FROM seen s, LATERAL (SELECT 'subject', s.subject WHERE s.subject IS NOT NULL UNION ALL SELECT DISTINCT 'qualifier', q FROM unnest(s.qualifiers) q) v (kind, value)
		GROUP BY s.caller_id, v.kind, v.value
	)
	SELECT c.caller_id, c.kind, NULL::text, c.recent_contacts, c.recent_of, c.baseline_contacts, c.baseline_of, c.ratio, c.lower, c.upper, c.p_value, q.q_value
	FROM compared c JOIN engage_internal.with_q_values(ARRAY(SELECT x.p_value FROM compared x ORDER BY x.place)) q ON q.place = c.place
	UNION ALL
	SELECT n.caller_id, n.kind, n.value, n.recent_contacts, c.recent_of, 0, c.baseline_of, NULL, NULL, NULL, NULL, NULL
	FROM new_value n JOIN counted c ON c.caller_id = n.caller_id
	WHERE n.recent_contacts > 0 AND n.baseline_contacts = 0
	ORDER BY 1, 2, 3;
END
$$;
COMMENT ON FUNCTION engage.shifts_at(timestamptz, interval, interval, integer) IS
	'How callers'' contacts changed in kind rather than number: the share by emergency lines and the share at night (23:00 to 07:00, local), with rate_ratio() of the two shares (conservative, since a share cannot exceed 1) and the false-discovery rate over all of them; and new subjects and qualifiers. For callers with at_least contacts within recent up to as_of, and one in the baseline before that. An error (22023) if recent or baseline is not positive.';

CREATE VIEW engage.caller_shift WITH (security_barrier) AS
SELECT s.* FROM engage.shifts_at(now()) s
WHERE s.kind = ANY (ARRAY['subject', 'qualifier']) OR s.q_value <= 0.05 AND s.lower > 1;
COMMENT ON VIEW engage.caller_shift IS
	'Callers whose contacts of the last 28 days are more often emergencies or at night than in the 84 days before, at a false-discovery rate of 5%; and new subjects of their contacts.';

-- definer: reads all callers to show how often they call, which analysts may see
CREATE FUNCTION engage.escalations_at(as_of timestamptz, recent interval DEFAULT '7 days',
		OUT caller_id bigint, OUT recent_contacts bigint, OUT baseline_contacts bigint, OUT recent_occasions bigint, OUT baseline_occasions bigint,
		OUT recent_per_day double precision, OUT baseline_per_day double precision, OUT ratio double precision, OUT lower double precision,
		OUT upper double precision, OUT dispersion double precision, OUT p_value double precision, OUT q_value double precision) RETURNS SETOF record
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	prior constant engage.escalation_prior := (SELECT engage.escalation_prior(c.timeline, escalations_at.as_of, COALESCE(recent, '7 days')) FROM engage.caller c WHERE c.first_at <= escalations_at.as_of);
BEGIN
	recent := COALESCE(recent, '7 days');
	RETURN QUERY
	WITH tested AS MATERIALIZED (
		SELECT row_number() OVER (ORDER BY c.caller_id) AS place, c.caller_id, e.*
		FROM engage.caller c, LATERAL engage.escalation(c.timeline, escalations_at.as_of, prior, recent => escalations_at.recent) e
		WHERE c.first_at <= escalations_at.as_of AND c.last_at > escalations_at.as_of - 13 * escalations_at.recent AND e.p_value IS NOT NULL
	)
	SELECT t.caller_id, t.recent_contacts, t.baseline_contacts, t.recent_occasions, t.baseline_occasions, t.recent_per_day, t.baseline_per_day,
		t.ratio, t.lower, t.upper, t.dispersion, t.p_value, q.q_value
	FROM tested t
	JOIN engage_internal.with_q_values(ARRAY(SELECT x.p_value FROM tested x ORDER BY x.place)) q ON q.place = t.place
	ORDER BY t.p_value, t.caller_id;
END
$$;
COMMENT ON FUNCTION engage.escalations_at(timestamptz, interval) IS
	'escalation() of every caller with a contact in the recent window or in the 12 before it, with the population''s bursts as the prior, and the false-discovery rate over all of them (Benjamini and Hochberg). Errors as for escalation_prior().';

CREATE VIEW engage.escalating_caller WITH (security_barrier) AS
SELECT e.* FROM engage.escalations_at(now()) e
WHERE e.q_value <= 0.05 AND e.lower > 1 AND e.recent_contacts >= 5;
COMMENT ON VIEW engage.escalating_caller IS
	'Callers who contact more often in the last 7 days than their own 12 weeks before suggest, at a false-discovery rate of 5%: at least 5 contacts, and the lower limit of the ratio above 1. caller_shift shows how they contact.';
