/*
 * Risk: who needs attention first, on two axes.
 *
 * Demand is the probability that a rule is met again within the horizon; harm
 * is points.  Neither sets anything: no status, flag or decision anywhere
 * depends on a score.
 */

CREATE TABLE engage.risk_state (
	one boolean PRIMARY KEY DEFAULT true CHECK (one),
	model_id integer NOT NULL,
	scored_at timestamptz NOT NULL
);
COMMENT ON TABLE engage.risk_state IS
	'When all callers were last scored, and by which version of the risk factors. Made by refresh.';
SELECT pg_extension_config_dump('engage.risk_state', '');

-- Updated whole every day: room on each page lets an update stay there.
CREATE TABLE engage.caller_risk (
	caller_id bigint PRIMARY KEY,
	model_id integer NOT NULL,
	as_of timestamptz NOT NULL,
	demand_score numeric NOT NULL,
	probability double precision NOT NULL,
	expected_contacts double precision,
	expected_hours double precision,
	probability_active double precision,
	harm_points numeric NOT NULL,
	natures text[] NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE engage.caller_risk IS
	'Scores of each caller, on two axes: a prompt for people, not a verdict. Made by refresh; explain_risk() shows what a score is made of.';
COMMENT ON COLUMN engage.caller_risk.model_id IS 'The version of the risk factors.';
COMMENT ON COLUMN engage.caller_risk.as_of IS 'Contacts and markers up to then count.';
COMMENT ON COLUMN engage.caller_risk.demand_score IS 'The sum of the contributions of the demand factors, in log-odds.';
COMMENT ON COLUMN engage.caller_risk.probability IS 'Probability of meeting a rule in force within the horizon: the score as a probability.';
COMMENT ON COLUMN engage.caller_risk.expected_contacts IS 'Within the horizon, by the demand model; NULL where none is fitted.';
COMMENT ON COLUMN engage.caller_risk.expected_hours IS 'Of handling time, within the horizon.';
COMMENT ON COLUMN engage.caller_risk.probability_active IS 'That the caller has not stopped, by the demand model.';
COMMENT ON COLUMN engage.caller_risk.harm_points IS 'The sum of the contributions of the harm factors.';
COMMENT ON COLUMN engage.caller_risk.natures IS 'What kind of caller the contacts suggest: codes of nature factors. Markers do not count here.';
SELECT pg_extension_config_dump('engage.caller_risk', '');

-- not in SQL: pg_upgrade makes functions before the operator class that DISTINCT needs
CREATE FUNCTION engage_internal.current_criteria(as_of timestamptz) RETURNS engage.criterion[]
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN COALESCE((
		SELECT (array_agg(DISTINCT k))[1:64] FROM engage.rule r, unnest(r.criteria) k
		WHERE r.kind = 'criteria' AND engage_internal.is_in_force(r.valid_from, r.valid_to, as_of)
	), '{}');
END
$$;
COMMENT ON FUNCTION engage_internal.current_criteria(timestamptz) IS 'The criteria of the rules that were in force at an instant; the first 64 of more, which is what one measurement takes.';

-- The factors are written into the query that counts contacts, which reads each contact once.  Joined to the factors as
-- rows, it takes five times as long.

CREATE FUNCTION engage_internal.contact_condition(measure text, matches text[]) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE measure
	WHEN 'qualifier' THEN format('c.qualifiers && %L', matches)
	WHEN 'channel' THEN format('c.channel::text = ANY (%L)', matches)
	WHEN 'emergency' THEN 'c.channel = ANY (ARRAY(SELECT h.channel FROM engage_internal.current_channel h WHERE h.is_emergency))'
	WHEN 'abandoned' THEN 'engage.is_abandoned(c.disconnected, c.spoke_to_service, c.confirmed_safe)'
	ELSE format('c.%I = ANY (%L)', measure, matches)
END;
COMMENT ON FUNCTION engage_internal.contact_condition(text, text[]) IS
	'The SQL condition that a contact c meets when it matches a risk factor, whatever its age. For contact_facts_query().';

CREATE FUNCTION engage_internal.age_condition(within interval, as_of timestamptz) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN within IS NULL THEN 'true' ELSE format('c.occurred_at > %L', as_of - within) END;
COMMENT ON FUNCTION engage_internal.age_condition(interval, timestamptz) IS
	'The SQL condition that a contact c meets when it is recent enough for a risk factor; true for a factor without a limit. For contact_facts_query().';

CREATE FUNCTION engage_internal.harm_expression(f engage.risk_factor, as_of timestamptz) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
RETURN format('LEAST(%s, %s)',
	CASE WHEN f.measure = 'harm_weight'
		-- the weight of the closing code, or else of the opening code; a sum of numeric is the same in any order
		THEN format('ln(1 + COALESCE(sum(COALESCE('
			'(SELECT h.weight FROM engage.harm_weight h WHERE h.scheme = ANY (%1$L) AND h.code = c.closing_code ORDER BY h.scheme LIMIT 1), '
			'(SELECT h.weight FROM engage.harm_weight h WHERE h.scheme = ANY (%1$L) AND h.code = c.opening_code ORDER BY h.scheme LIMIT 1)'
			')::numeric) FILTER (WHERE %2$s), 0)::double precision)', f.matches, engage_internal.age_condition(f.within, as_of))
		ELSE format('count(*) FILTER (WHERE %s AND %s)', engage_internal.contact_condition(f.measure, f.matches), engage_internal.age_condition(f.within, as_of)) END,
	-- LEAST ignores a NULL
	COALESCE(f.at_most::text, 'NULL'));
COMMENT ON FUNCTION engage_internal.harm_expression(engage.risk_factor, timestamptz) IS
	'The SQL expression for the value of a harm factor of contacts, over the contacts c of a caller. For contact_facts_query().';

CREATE FUNCTION engage_internal.nature_expression(f engage.risk_factor, as_of timestamptz) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
RETURN format('CASE WHEN count(*) FILTER (WHERE %1$s AND %2$s) >= GREATEST(%3$s, %4$s * count(*) FILTER (WHERE %2$s)) THEN %5$L END',
	engage_internal.contact_condition(f.measure, f.matches), engage_internal.age_condition(f.within, as_of), f.weight, COALESCE(f.share, 0), f.code);
COMMENT ON FUNCTION engage_internal.nature_expression(engage.risk_factor, timestamptz) IS
	'The SQL expression for the code of a nature factor, over the contacts c of a caller: NULL where they are too few, or too small a share. For contact_facts_query().';

CREATE FUNCTION engage_internal.contact_facts_query(model_id integer, as_of timestamptz, for_some boolean) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	-- days and instants are the same for everybody, and constants read as the same, whatever the session's settings
	SET timezone = 'UTC' SET datestyle = 'ISO, YMD' SET extra_float_digits = 1
AS $$
DECLARE
	-- older handling times say little about future ones
	handled_after constant timestamptz := as_of - interval '90 days';
	-- from the callers to their contacts, however many rows are expected
	personas constant text := CASE WHEN for_some
		THEN '(SELECT DISTINCT unnest($1) AS caller_id) u '
			'CROSS JOIN LATERAL (SELECT x.persona_key, x.caller_id FROM engage.persona x WHERE x.caller_id = u.caller_id OFFSET 0)'
		ELSE '(SELECT x.persona_key, x.caller_id FROM engage.persona x WHERE x.caller_id IS NOT NULL)' END;
	fence constant text := CASE WHEN for_some THEN 'OFFSET 0' END;
	harm text;
	natures text;
	needed text;	-- the contacts that any of these use
BEGIN
	SELECT string_agg(engage_internal.harm_expression(f, as_of), ', ' ORDER BY f.code COLLATE "C") FILTER (WHERE f.axis = 'harm'),
		string_agg(engage_internal.nature_expression(f, as_of), ', ' ORDER BY f.code COLLATE "C") FILTER (WHERE f.axis = 'nature'),
		concat_ws(' OR ', format('c.occurred_at > %L', LEAST(handled_after, min(as_of - f.within))),
			string_agg(CASE WHEN f.measure = 'harm_weight' THEN 'c.closing_code IS NOT NULL OR c.opening_code IS NOT NULL'
				WHEN f.share IS NOT NULL THEN 'true' ELSE engage_internal.contact_condition(f.measure, f.matches) END, ' OR ') FILTER (WHERE f.within IS NULL))
	INTO harm, natures, needed
	FROM engage.risk_factor f
	WHERE f.model_id = contact_facts_query.model_id AND f.axis <> 'demand' AND f.enabled AND f.measure <> 'marker';
	RETURN format($query$
		SELECT p.caller_id,
			sum(c.handling_seconds) FILTER (WHERE c.occurred_at > %1$L)::double precision AS seconds,
			count(c.handling_seconds) FILTER (WHERE c.occurred_at > %1$L) AS handled,
			ARRAY[%2$s]::double precision[] AS harm,
			array_remove(ARRAY[%3$s]::text[], NULL) AS natures
		FROM %4$s p
		CROSS JOIN LATERAL (
			SELECT c.*
			FROM engage_internal.counted_contact c
			WHERE c.persona_key = p.persona_key AND (%5$s) AND c.occurred_at <= %6$L
			%7$s
		) c
		GROUP BY p.caller_id
	$query$, handled_after, harm, natures, personas, needed, as_of, fence);
END
$$;
COMMENT ON FUNCTION engage_internal.contact_facts_query(integer, timestamptz, boolean) IS
	'The query that works out, from callers'' contacts up to an instant, the harm and nature factors of a version, for some callers ($1) or all. It reads each contact once. For contact_facts().';

CREATE FUNCTION engage_internal.contact_facts(model_id integer, as_of timestamptz, caller_ids bigint[],
		OUT caller_id bigint, OUT handling_seconds double precision, OUT handled bigint, OUT harm double precision[], OUT natures text[]) RETURNS SETOF record
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
AS $$
BEGIN
	RETURN QUERY EXECUTE engage_internal.contact_facts_query(model_id, as_of, true) USING caller_ids;
END
$$;
COMMENT ON FUNCTION engage_internal.contact_facts(integer, timestamptz, bigint[]) IS
	'Facts from the contacts of some callers, up to an instant: their handling time in the last 90 days and the number of contacts that have one, the values of the harm factors of contacts that are on, in order of their codes, and the natures.';

CREATE FUNCTION engage_internal.contact_scores(model_id integer, as_of timestamptz, caller_ids bigint[],
		OUT caller_id bigint, OUT handling_seconds double precision, OUT handled bigint, OUT harm_points numeric, OUT natures text[]) RETURNS SETOF record
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp ROWS 100000
AS $$
DECLARE
	weights constant double precision[] := ARRAY(SELECT f.weight FROM engage_internal.harm_factors(model_id) f WHERE f.of_contacts ORDER BY f.place);
BEGIN
	IF caller_ids IS NULL THEN
		RETURN QUERY EXECUTE format('SELECT f.caller_id, f.seconds, f.handled, engage.total_risk_score(f.harm, %L), f.natures FROM (%s) f',
			weights, engage_internal.contact_facts_query(model_id, as_of, false));
	ELSE
		RETURN QUERY
		SELECT f.caller_id, f.handling_seconds, f.handled, engage.total_risk_score(f.harm, weights), f.natures
		FROM engage_internal.contact_facts(model_id, as_of, caller_ids) f;
	END IF;
END
$$;
COMMENT ON FUNCTION engage_internal.contact_scores(integer, timestamptz, bigint[]) IS
	'As contact_facts(), with points in place of the values of the harm factors; for all callers if NULL.';

CREATE FUNCTION engage_internal.marker_facts(model_id integer, as_of timestamptz, caller_ids bigint[], OUT caller_id bigint, OUT harm double precision[]) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH held AS MATERIALIZED (
		SELECT h.caller_id, h.marker FROM engage_internal.markers_at(marker_facts.as_of) h WHERE caller_ids IS NULL
		UNION ALL
		SELECT h.caller_id, h.marker FROM engage_internal.markers_of(caller_ids, marker_facts.as_of) h WHERE caller_ids IS NOT NULL
	)
	SELECT k.caller_id, array_agg(LEAST(k.markers, f.at_most) ORDER BY f.code COLLATE "C")
	FROM engage.risk_factor f, LATERAL (
		SELECT h.caller_id, count(*) FILTER (WHERE h.marker = ANY (f.matches) AND (f.is_sensitive OR NOT n.is_sensitive))::double precision AS markers
		FROM held h JOIN engage.marker_kind n ON n.marker = h.marker
		GROUP BY h.caller_id
	) k
	WHERE f.model_id = marker_facts.model_id AND f.axis = 'harm' AND f.enabled AND f.measure = 'marker'
	GROUP BY k.caller_id;
END;
COMMENT ON FUNCTION engage_internal.marker_facts(integer, timestamptz, bigint[]) IS
	'The values of the harm factors of markers that are on, in order of their codes, for each caller with markers at an instant; for all callers if NULL. A sensitive marker counts only for a sensitive factor.';

CREATE FUNCTION engage_internal.harm_factors(model_id integer, OUT code text, OUT of_contacts boolean, OUT place bigint, OUT weight double precision) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT f.code, f.measure <> 'marker', row_number() OVER (ORDER BY f.measure = 'marker', f.code COLLATE "C"), f.weight::double precision
	FROM engage.risk_factor f
	WHERE f.model_id = harm_factors.model_id AND f.axis = 'harm' AND f.enabled;
END;
COMMENT ON FUNCTION engage_internal.harm_factors(integer) IS
	'The harm factors that are on, in the order in which their values are scored: those of contacts, then those of markers.';

CREATE FUNCTION engage_internal.demand_weights(model_id integer) RETURNS double precision[]
	LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
	SELECT array_agg(COALESCE(f.weight, 0)::double precision ORDER BY m.place)
	FROM engage.risk_measure m
	LEFT JOIN engage.risk_factor f ON f.model_id = demand_weights.model_id
		AND f.measure = m.measure AND f.axis = 'demand' AND f.enabled
	WHERE m.place IS NOT NULL);
COMMENT ON FUNCTION engage_internal.demand_weights(integer) IS
	'The weights of a version for what demand_measures() gives, 0 for a measure without a factor that is on.';

CREATE FUNCTION engage_internal.own_handling(handling_seconds double precision, handled bigint, usual double precision) RETURNS double precision
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN usual IS NULL THEN handling_seconds / NULLIF(handled, 0)
	ELSE (COALESCE(handling_seconds, 0) + (5 * usual)) / (COALESCE(handled, 0) + 5) END;
COMMENT ON FUNCTION engage_internal.own_handling(double precision, bigint, double precision) IS
	'Seconds that it takes to handle a contact of a caller: the caller''s own mean, moved towards the usual one as if five more contacts had taken that long.';

CREATE FUNCTION engage_internal.demand_scores(model_id integer, as_of timestamptz, caller_ids bigint[],
		OUT caller_id bigint, OUT demand_score numeric, OUT expected_contacts double precision, OUT probability_active double precision) RETURNS SETOF record
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp ROWS 100000
AS $$
DECLARE
	criteria constant engage.criterion[] := engage_internal.current_criteria(as_of);
	weights constant double precision[] := engage_internal.demand_weights(model_id);
	model engage.risk_model;
BEGIN
	SELECT m.* INTO model FROM engage.risk_model m WHERE m.model_id = demand_scores.model_id;
	IF caller_ids IS NULL THEN
		RETURN QUERY
		SELECT c.caller_id, engage.total_risk_score(d.measures, weights), d.expected_contacts, d.probability_active
		FROM engage.caller c, LATERAL engage.demand_measures(c.timeline, as_of, criteria, model.demand, model.horizon) d
		WHERE c.first_at <= as_of;
	ELSE
		RETURN QUERY
		SELECT c.caller_id, engage.total_risk_score(d.measures, weights), d.expected_contacts, d.probability_active
		FROM engage.caller c, LATERAL engage.demand_measures(c.timeline, as_of, criteria, model.demand, model.horizon) d
		WHERE c.caller_id = ANY (caller_ids) AND c.first_at <= as_of;
	END IF;
END
$$;
COMMENT ON FUNCTION engage_internal.demand_scores(integer, timestamptz, bigint[]) IS
	'The demand scores of callers from the times of their contacts up to an instant, by the demand factors and demand model of a version and the rules in force then; for all callers if NULL.';

CREATE FUNCTION engage_internal.marker_points(model_id integer, as_of timestamptz, caller_ids bigint[], OUT caller_id bigint, OUT harm_points numeric) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT m.caller_id, engage.total_risk_score(m.harm, w.weights)
	FROM engage_internal.marker_facts(marker_points.model_id, marker_points.as_of, marker_points.caller_ids) m,
		(SELECT array_agg(f.weight ORDER BY f.place) AS weights FROM engage_internal.harm_factors(marker_points.model_id) f WHERE NOT f.of_contacts) w;
END;
COMMENT ON FUNCTION engage_internal.marker_points(integer, timestamptz, bigint[]) IS 'The points that callers'' markers give at an instant; for all callers if NULL.';

-- No settings of its own, so the planner can merge it into its caller: the rows of a large force are then stored one time fewer.
CREATE FUNCTION engage_internal.risk_of(model_id integer, as_of timestamptz, caller_ids bigint[] DEFAULT NULL,
		OUT caller_id bigint, OUT demand_score numeric, OUT probability double precision, OUT expected_contacts double precision,
		OUT expected_hours double precision, OUT probability_active double precision, OUT harm_points numeric, OUT natures text[]) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000
BEGIN ATOMIC
	SELECT d.caller_id, d.demand_score, 1 / (1 + exp(-GREATEST(LEAST(d.demand_score, 500), -500)::double precision)), d.expected_contacts,
		d.expected_contacts * engage_internal.own_handling(c.handling_seconds, c.handled, u.handling_seconds) / 3600, d.probability_active,
		COALESCE(c.harm_points, 0) + COALESCE(m.harm_points, 0.000), COALESCE(c.natures, '{}')
	FROM engage_internal.demand_scores(risk_of.model_id, risk_of.as_of, risk_of.caller_ids) d
	LEFT JOIN engage_internal.contact_scores(risk_of.model_id, risk_of.as_of, risk_of.caller_ids) c ON c.caller_id = d.caller_id
	LEFT JOIN engage_internal.marker_points(risk_of.model_id, risk_of.as_of, risk_of.caller_ids) m ON m.caller_id = d.caller_id
	CROSS JOIN (SELECT x.handling_seconds FROM engage.risk_model x WHERE x.model_id = risk_of.model_id) u;
END;
COMMENT ON FUNCTION engage_internal.risk_of(integer, timestamptz, bigint[]) IS
	'The scores of callers by a version of the risk factors, from contacts and markers up to any instant; for all callers if NULL. caller_risk keeps those of the last refresh.';

CREATE FUNCTION engage_internal.queue_risks(caller_ids bigint[]) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	INSERT INTO engage_internal.dirty (subject, caller_id, cause)
	SELECT 'risk', u.caller_id, 'contacts' FROM unnest(caller_ids) u (caller_id)
	WHERE EXISTS (SELECT FROM engage.risk_model);
END;
COMMENT ON FUNCTION engage_internal.queue_risks(bigint[]) IS
	'Queues callers to be scored again, if the force has risk factors. Part of refresh().';

CREATE FUNCTION engage_internal.queue_risks() RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	INSERT INTO engage_internal.dirty (subject, cause) SELECT 'risk', 'contacts' WHERE EXISTS (SELECT FROM engage.risk_model);
END;
COMMENT ON FUNCTION engage_internal.queue_risks() IS 'Queues all callers to be scored again, if the force has risk factors. Part of refresh().';

CREATE FUNCTION engage_internal.scores_are_due() RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (SELECT FROM engage.risk_model) AND EXISTS (
	SELECT FROM engage.policy o LEFT JOIN engage.risk_state s ON true
	WHERE COALESCE(s.scored_at < (now() - o.rescore_every), true));
COMMENT ON FUNCTION engage_internal.scores_are_due() IS
	'Whether all callers were last scored longer ago than policy.rescore_every: every score changes as time passes.';

CREATE FUNCTION engage_internal.fit_is_due() RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT EXISTS (SELECT FROM engage.policy o, engage.risk_model p
		WHERE o.refit_every IS NOT NULL AND p.origin LIKE 'preset %'
			AND NOT EXISTS (SELECT FROM engage.risk_model x WHERE x.origin LIKE 'preset %' AND x.model_id > p.model_id)
			AND NOT EXISTS (SELECT FROM engage.risk_model m
				WHERE m.model_id > p.model_id AND (m.origin = 'fitted' OR m.origin LIKE 'model %') AND m.created_at > now() - o.refit_every));
END;
COMMENT ON FUNCTION engage_internal.fit_is_due() IS
	'Whether the last fit, or the last return to an earlier version, was longer ago than policy.refit_every, or there has been none since the shipped risk factors were adopted.';

CREATE FUNCTION engage_internal.score_callers(model integer, caller_ids bigint[]) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	scored bigint;
BEGIN
	INSERT INTO engage.caller_risk AS k
	SELECT r.caller_id, model, now(), r.demand_score, r.probability, r.expected_contacts, r.expected_hours, r.probability_active, r.harm_points, r.natures
	FROM engage_internal.risk_of(model, now(), caller_ids) r
	ON CONFLICT (caller_id) DO UPDATE
	SET model_id = excluded.model_id, as_of = excluded.as_of, demand_score = excluded.demand_score, probability = excluded.probability,
		expected_contacts = excluded.expected_contacts, expected_hours = excluded.expected_hours,
		probability_active = excluded.probability_active, harm_points = excluded.harm_points, natures = excluded.natures;
	GET DIAGNOSTICS scored = ROW_COUNT;
	IF caller_ids IS NULL THEN
		DELETE FROM engage.caller_risk k WHERE k.as_of <> now();
	ELSE
		DELETE FROM engage.caller_risk k WHERE k.caller_id = ANY (caller_ids) AND k.as_of <> now();
	END IF;
	RETURN scored;
END
$$;
COMMENT ON FUNCTION engage_internal.score_callers(integer, bigint[]) IS
	'Scores callers (all if NULL) as of now by a version of the risk factors, and returns how many have a score: a caller without contacts has none. Part of refresh().';

CREATE FUNCTION engage_internal.score_all_callers(run bigint) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	problem text;
	model integer;
	scored bigint;
BEGIN
	IF engage_internal.fit_is_due() THEN
		BEGIN
			LOCK TABLE engage.risk_model IN SHARE ROW EXCLUSIVE MODE NOWAIT;
			PERFORM engage_internal.take_back('fit');
			PERFORM engage.fit_risk(now());
		EXCEPTION
			WHEN lock_not_available THEN
				-- another session is making a version; its queue row brings us here again
				NULL;
			WHEN OTHERS THEN
				-- the version in force stays until the next time
				GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT;
				IF NOT engage_internal.put_aside(run, 'fit', SQLSTATE, problem) THEN
					RAISE;
				END IF;
		END;
	END IF;
	-- before the scores are computed: a row that comes later stays
	DELETE FROM engage_internal.dirty q WHERE q.subject = 'risk';
	PERFORM engage_internal.take_back('score');
	model := engage.current_risk_model();
	scored := engage_internal.score_callers(model, NULL);
	INSERT INTO engage.risk_state AS s (model_id, scored_at) VALUES (model, now())
	ON CONFLICT (one) DO UPDATE SET model_id = excluded.model_id, scored_at = excluded.scored_at;
	RETURN scored;
END
$$;
COMMENT ON FUNCTION engage_internal.score_all_callers(bigint) IS
	'Scores all callers as of now, after a new fit if one is due, and returns how many. Part of refresh().';

CREATE FUNCTION engage_internal.queue_each_risk() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	DELETE FROM engage_internal.dirty q WHERE q.subject = 'risk';
	INSERT INTO engage_internal.dirty (subject, caller_id, cause)
	SELECT 'risk', u.caller_id, 'set aside' FROM (SELECT c.caller_id FROM engage.caller c WHERE c.contacts > 0
		UNION SELECT k.caller_id FROM engage.caller_risk k) u;
	INSERT INTO engage.risk_state AS s (model_id, scored_at) VALUES (engage.current_risk_model(), now())
	ON CONFLICT (one) DO UPDATE SET model_id = excluded.model_id, scored_at = excluded.scored_at;
END
$$;
COMMENT ON FUNCTION engage_internal.queue_each_risk() IS
	'Queues every caller to be scored in batches, because all at once cannot be done. Part of stage_scores().';

CREATE FUNCTION engage_internal.take_risks(run bigint, batch_size integer, only_id bigint DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller_ids bigint[];
BEGIN
	IF engage_internal.waits_for_many('{risk}') THEN
		RETURN engage_internal.score_all_callers(run);
	END IF;
	WITH gone AS (
		DELETE FROM engage_internal.dirty q
		WHERE q.ctid = ANY (ARRAY(SELECT d.ctid FROM engage_internal.dirty d
			WHERE d.subject = 'risk' AND d.caller_id IS NOT NULL AND (only_id IS NULL OR d.caller_id = only_id)
			LIMIT CASE WHEN only_id IS NULL THEN batch_size END))
		RETURNING q.caller_id
	)
	-- the person who set a marker may not have seen a merge in progress
	SELECT array_agg(DISTINCT u.caller_id) INTO caller_ids
	FROM gone g, unnest(ARRAY[g.caller_id, engage.current_caller(g.caller_id)]) u (caller_id);
	PERFORM engage_internal.take_back('score', caller_ids => COALESCE(caller_ids, '{}'));
	RETURN CASE WHEN caller_ids IS NOT NULL THEN engage_internal.score_callers(engage.current_risk_model(), caller_ids) END;
END
$$;
COMMENT ON FUNCTION engage_internal.take_risks(bigint, integer, bigint) IS
	'Takes callers from the queue (all, a batch, or just one) and scores them; returns how many, or NULL if none wait. Part of refresh().';

-- What people read.

CREATE VIEW engage.caller_nature WITH (security_barrier) AS
SELECT k.caller_id, n.nature, 'contacts'::text AS basis
FROM engage.caller_risk k, unnest(k.natures) n (nature)
UNION
SELECT m.caller_id, m.nature, 'marker'
FROM engage.caller_marker m
WHERE m.nature IS NOT NULL;
COMMENT ON VIEW engage.caller_nature IS
	'What kinds of caller somebody is or seems to be: by markers that people set (except sensitive ones), or by what the contacts are about. A caller can be of several kinds.';

CREATE VIEW engage.risk WITH (security_barrier) AS
SELECT k.caller_id, o.tier_matrix[b.harm_band + 1][b.demand_band + 1] AS tier, b.demand_band, b.harm_band,
	k.probability, k.expected_contacts, k.expected_hours, k.probability_active, k.demand_score, k.harm_points,
	COALESCE(n.natures, '{}') AS natures, c.contacts, c.last_at AS last_contact_at, k.as_of, k.model_id
FROM engage.caller_risk k
JOIN engage.caller c ON c.caller_id = k.caller_id
CROSS JOIN engage.policy o
CROSS JOIN LATERAL (
	SELECT width_bucket(k.probability, o.demand_bands) AS demand_band, width_bucket(k.harm_points, o.harm_bands) AS harm_band
) b
LEFT JOIN (
	SELECT x.caller_id, array_agg(DISTINCT x.nature ORDER BY x.nature) AS natures FROM engage.caller_nature x GROUP BY x.caller_id
) n ON n.caller_id = k.caller_id;
COMMENT ON VIEW engage.risk IS
	'Callers on two axes, demand and harm, and the tier that policy.tier_matrix gives for the two: who to look at first. It puts work in order and decides nothing.';
COMMENT ON COLUMN engage.risk.tier IS 'Look at tier 1 first.';
COMMENT ON COLUMN engage.risk.natures IS 'From caller_nature. Repeat victims, professionals and people we failed are not nuisances, however often they contact us.';

CREATE VIEW engage.nuisance_candidate WITH (security_barrier) AS
SELECT r.*
FROM engage.risk r
WHERE r.natures && ARRAY['nuisance', 'hoax', 'abusive']
	AND NOT r.natures && ARRAY['repeat_victim', 'professional', 'service_failure']
	-- nor by a sensitive marker, which natures do not show
	AND NOT EXISTS (SELECT FROM engage.marker_now m WHERE m.caller_id = r.caller_id
		AND m.nature = ANY (ARRAY['repeat_victim', 'professional', 'service_failure']))
	AND EXISTS (SELECT FROM engage.repeat_caller f WHERE f.caller_id = r.caller_id);
COMMENT ON VIEW engage.nuisance_candidate IS
	'Flagged callers whose contacts or markers look like nuisance, for people to decide on. A repeat victim, somebody who calls as part of their work, or somebody whom we failed is never here, even if also a nuisance. This includes callers with sensitive markers, so an analyst who compares this view with risk can work out who has such a marker, though not which; protection comes first.';

-- definer: analysts see what a score is made of, not the contacts behind it
CREATE FUNCTION engage.explain_risk(caller_id bigint,
		OUT axis engage.risk_axis, OUT code text, OUT label text, OUT measure text, OUT value double precision, OUT weight numeric,
		OUT contribution numeric, OUT thrive text, OUT is_sensitive boolean, OUT model_id integer, OUT as_of timestamptz) RETURNS SETOF record
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	known engage.caller_risk;
BEGIN
	SELECT k.* INTO known FROM engage.caller_risk k WHERE k.caller_id = explain_risk.caller_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'caller % has no score', COALESCE(explain_risk.caller_id::text, 'NULL')
			USING ERRCODE = 'no_data_found',
				HINT = CASE WHEN engage.current_risk_model() IS NULL THEN 'SELECT engage.adopt_risk_factors(); CALL engage.refresh();'
					ELSE 'SELECT caller_id FROM engage.risk lists those who have; CALL engage.refresh() scores those who wait.' END;
	END IF;
	RETURN QUERY
	WITH demand AS MATERIALIZED (
		SELECT d.measures, engage.risk_score(d.measures, engage_internal.demand_weights(known.model_id)) AS score
		FROM engage.caller c, engage.risk_model m,
			LATERAL engage.demand_measures(c.timeline, known.as_of, engage_internal.current_criteria(known.as_of), m.demand, m.horizon) d
		WHERE c.caller_id = known.caller_id AND m.model_id = known.model_id
	), harm AS MATERIALIZED (
		SELECT v.harm_values, engage.risk_score(v.harm_values, ARRAY(SELECT f.weight FROM engage_internal.harm_factors(known.model_id) f ORDER BY f.place)) AS score
		FROM (
			SELECT COALESCE((SELECT f.harm FROM engage_internal.contact_facts(known.model_id, known.as_of, ARRAY[known.caller_id]) f),
					ARRAY(SELECT 0::double precision FROM engage_internal.harm_factors(known.model_id) h WHERE h.of_contacts))
				|| COALESCE((SELECT m.harm FROM engage_internal.marker_facts(known.model_id, known.as_of, ARRAY[known.caller_id]) m),
					ARRAY(SELECT 0::double precision FROM engage_internal.harm_factors(known.model_id) h WHERE NOT h.of_contacts)) AS harm_values
		) v
	)
	SELECT f.axis, f.code, f.label, f.measure, p.value, f.weight, p.contribution, f.thrive, f.is_sensitive, known.model_id, known.as_of
	FROM engage.risk_factor f, LATERAL (
		SELECT d.measures[m.place], ((d.score).contributions)[m.place] FROM demand d, engage.risk_measure m WHERE f.axis = 'demand' AND m.measure = f.measure
		UNION ALL
		SELECT h.harm_values[n.place], ((h.score).contributions)[n.place] FROM harm h, engage_internal.harm_factors(known.model_id) n WHERE f.axis = 'harm' AND n.code = f.code
	) p (value, contribution)
	WHERE f.model_id = known.model_id AND f.enabled
	ORDER BY f.axis, abs(p.contribution) DESC, f.code COLLATE "C";
END
$$;
COMMENT ON FUNCTION engage.explain_risk(bigint) IS
	'What a caller''s scores are made of: each factor with its value, weight and contribution, by the version and as of the time that the score has. The contributions of an axis add up to its score exactly. A value that is not known contributes 0. An error (P0002) for a caller without a score.';
