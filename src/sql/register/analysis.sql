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
WHERE engage_internal.is_current_flag(f.withdrawn_at, f.ended_at, now(), o.flag_current_for);
COMMENT ON VIEW engage.repeat_caller IS
	'Who is flagged now: flags that stand and whose latest meeting contact is within policy.flag_current_for.';
COMMENT ON COLUMN engage.repeat_caller.contacts IS 'Contacts in the episode.';
COMMENT ON COLUMN engage.repeat_caller.all_contacts IS 'All counted contacts of the caller.';

CREATE VIEW engage.contact_caller WITH (security_barrier) AS
SELECT c.contact_id, p.caller_id
FROM engage.contact c
JOIN engage.persona p ON p.persona_key = c.persona_key
WHERE p.caller_id IS NOT NULL AND c.occurred_at <= now();
COMMENT ON VIEW engage.contact_caller IS 'The caller of each contact, as of the last refresh. Contacts whose caller is unknown, or that are in the future, have no row.';

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
			WHERE EXISTS (SELECT FROM engage.episodes(times, ARRAY[k], c.occurred_at) e WHERE e.met_at = c.occurred_at))
	FROM engage.persona p JOIN engage_internal.counted_contact c ON c.persona_key = p.persona_key
	WHERE p.caller_id = flagged.caller_id AND c.occurred_at BETWEEN flagged.started_at AND flagged.ended_at
		AND (ruled.channels IS NULL OR c.channel = ANY (ruled.channels))
	ORDER BY c.occurred_at, c.contact_id;
END
$$;
COMMENT ON FUNCTION engage.explain_flag(bigint) IS
	'Why a flag stands: its rule''s version and criteria, when its figures were computed, and every contact of its episode with the criteria met at it. An error (P0002) if there is no such flag.';

-- definer: analysts try thresholds without reading identifying details
CREATE FUNCTION engage.back_test(criteria engage.criterion[], from_at timestamptz, to_at timestamptz,
		channels engage.contact_channel[] DEFAULT NULL,
		OUT caller_id bigint, OUT episode_no integer, OUT started_at timestamptz, OUT met_at timestamptz, OUT ended_at timestamptz,
		OUT contacts bigint, OUT peak bigint, OUT criteria_met engage.criterion[]) RETURNS SETOF record
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF from_at >= to_at THEN
		RAISE EXCEPTION 'the back-test ends before it begins'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It would run from %s up to %s.', from_at, to_at),
				HINT = 'Give the earlier time first, and a later one as the end.';
	ELSIF criteria IS NULL OR from_at IS NULL OR to_at IS NULL THEN
		RAISE EXCEPTION 'criteria, from_at or to_at is NULL'
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
	'Who would have been flagged from from_at up to but not including to_at under any criteria, when and how often: one row per caller and episode, from all contacts known at the last refresh. Count rows per week to see the workload.';

CREATE FUNCTION engage.back_test(criteria text, from_at timestamptz, to_at timestamptz,
		channels engage.contact_channel[] DEFAULT NULL,
		OUT caller_id bigint, OUT episode_no integer, OUT started_at timestamptz, OUT met_at timestamptz, OUT ended_at timestamptz,
		OUT contacts bigint, OUT peak bigint, OUT criteria_met engage.criterion[]) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT b.* FROM engage.back_test(engage.criteria(back_test.criteria), back_test.from_at, back_test.to_at, back_test.channels) b;
END;
COMMENT ON FUNCTION engage.back_test(text, timestamptz, timestamptz, engage.contact_channel[]) IS
	'back_test() for criteria written as text: one, ''5 in 1 day'', or an array, ''{5 in 1 day, 10 in 7 days}''.';

CREATE FUNCTION engage_internal.local_weeks(from_at timestamptz, to_at timestamptz) RETURNS timestamptz[]
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	local_zone text;
BEGIN
	IF from_at IS NULL OR to_at IS NULL OR NOT (isfinite(from_at) AND isfinite(to_at)) OR from_at >= to_at THEN
		RAISE EXCEPTION 'from_at and to_at must be finite, and to_at after from_at'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give both, such as ''2026-01-01'', ''2026-04-01''.';
	END IF;
	SELECT o.zone INTO local_zone FROM engage.policy o;
	IF NOT FOUND THEN
		PERFORM engage_internal.refuse_without_setup();
	END IF;
	RETURN ARRAY(SELECT timezone(local_zone, d)
		FROM generate_series(date_trunc('week', timezone(local_zone, from_at)), timezone(local_zone, to_at), interval '7 days') d ORDER BY d);
END
$$;
COMMENT ON FUNCTION engage_internal.local_weeks(timestamptz, timestamptz) IS
	'When the local weeks (from Monday, in policy.zone) of a range of time began. An error (22023) if the range has no start or no later end, or (55000) before setup().';

CREATE FUNCTION engage_internal.caller_timelines(channels engage.contact_channel[], OUT caller_id bigint, OUT timeline engage.timeline) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000
BEGIN ATOMIC
	SELECT c.caller_id, c.timeline FROM engage.caller c WHERE caller_timelines.channels IS NULL
	UNION ALL
	SELECT p.caller_id, engage.rollup(t.timeline)
	FROM engage.persona p JOIN engage.persona_timeline t ON t.persona_key = p.persona_key
	WHERE caller_timelines.channels IS NOT NULL AND p.caller_id IS NOT NULL AND t.channel = ANY (caller_timelines.channels)
	GROUP BY p.caller_id;
END;
COMMENT ON FUNCTION engage_internal.caller_timelines(engage.contact_channel[]) IS
	'The timeline of each caller on some channels (NULL for all), as of the last refresh.';

CREATE FUNCTION engage_internal.threshold_weeks(lowest integer, highest integer, widths interval[], from_at timestamptz, to_at timestamptz,
		channels engage.contact_channel[], week_starts timestamptz[], there bigint[], there_met_at timestamptz[],
		OUT width interval, OUT threshold integer, OUT week integer, OUT episodes bigint, OUT new_callers bigint,
		OUT here_and_there bigint, OUT seconds_earlier numeric) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT g.width, g.threshold, width_bucket(g.met_at, threshold_weeks.week_starts),
		count(*), count(*) FILTER (WHERE g.episode_no = 1), count(f.met_at) FILTER (WHERE g.episode_no = 1),
		sum(EXTRACT(epoch FROM f.met_at - g.met_at)) FILTER (WHERE g.episode_no = 1)
	FROM engage_internal.caller_timelines(threshold_weeks.channels) c
	LEFT JOIN unnest(threshold_weeks.there, threshold_weeks.there_met_at) f (caller_id, met_at) ON f.caller_id = c.caller_id
	CROSS JOIN LATERAL engage.threshold_grid(c.timeline, threshold_weeks.widths, threshold_weeks.lowest, threshold_weeks.highest,
		threshold_weeks.from_at, threshold_weeks.to_at) g
	WHERE engage.num_contacts(c.timeline) >= threshold_weeks.lowest
	GROUP BY 1, 2, 3;
END;
COMMENT ON FUNCTION engage_internal.threshold_weeks(integer, integer, interval[], timestamptz, timestamptz, engage.contact_channel[], timestamptz[],
		bigint[], timestamptz[]) IS
	'For each width, threshold and local week (its place in week_starts): the episodes that began in it, the callers whose first one did, how many of these callers are also in there, and by how many seconds in total their first ones are before there_met_at. Weeks without an episode have no row. One scan of the callers.';

CREATE FUNCTION engage_internal.rolling_criterion(threshold integer, width interval) RETURNS engage.criterion
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN format('%s in %s seconds', threshold, trim_scale(EXTRACT(epoch FROM width)))::engage.criterion;
COMMENT ON FUNCTION engage_internal.rolling_criterion(integer, interval) IS
	'The criterion of this many contacts in that width, which has no months. An error (22P02) for a width that no criterion can have: fractions of a second, or more than a century.';

CREATE FUNCTION engage_internal.check_widths(widths interval[]) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF EXISTS (SELECT FROM unnest(widths) w WHERE w > '0'::interval AND w < '1 minute'::interval) THEN
		RAISE EXCEPTION 'a width is less than a minute'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = 'A number without a unit is seconds.',
				HINT = 'Write the unit, such as ''{24 hours, 7 days}''.';
	END IF;
END
$$;
COMMENT ON FUNCTION engage_internal.check_widths(interval[]) IS
	'Refuses (22023) widths of less than a minute, which come from numbers without a unit. For back_test_grid() and workable_threshold().';

-- definer: analysts try thresholds without reading identifying details
CREATE FUNCTION engage.back_test_grid(lowest integer, highest integer, widths interval[], from_at timestamptz, to_at timestamptz,
		compared_with engage.criterion[] DEFAULT NULL, channels engage.contact_channel[] DEFAULT NULL,
		OUT width interval, OUT threshold integer, OUT criterion engage.criterion, OUT callers bigint, OUT episodes bigint,
		OUT episodes_per_week double precision, OUT busiest_week bigint, OUT new_callers_per_week double precision,
		OUT only_here bigint, OUT only_there bigint, OUT here_and_there bigint, OUT days_earlier double precision) RETURNS SETOF record
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	week_starts timestamptz[] := engage_internal.local_weeks(from_at, to_at);
	weeks double precision := EXTRACT(epoch FROM to_at - from_at) / 604800;
	there bigint[];
	there_met_at timestamptz[];
BEGIN
	IF lowest IS NULL OR highest IS NULL OR widths IS NULL OR highest::bigint - lowest >= 1000 THEN
		RAISE EXCEPTION 'no widths or thresholds are given, or more than 1000 thresholds'
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'SELECT * FROM engage.back_test_grid(3, 10, ''{1 day, 7 days}'', ''2026-01-01'', ''2026-04-01'');';
	END IF;
	-- arguments are checked before anything is read
	PERFORM engage.threshold_grid('{}', widths, lowest, highest);
	PERFORM engage_internal.check_widths(widths);
	PERFORM engage_internal.rolling_criterion(highest, i.width) FROM unnest(widths) i (width);

	-- each rule as it is, on its own channels; NULL if there is nothing to compare with
	SELECT CASE WHEN count(*) > 0 THEN COALESCE(array_agg(f.caller_id) FILTER (WHERE f.caller_id IS NOT NULL), '{}') END,
		array_agg(f.met_at) FILTER (WHERE f.caller_id IS NOT NULL)
	INTO there, there_met_at
	FROM (
		SELECT b.caller_id, min(b.met_at) AS met_at
		FROM (
			SELECT back_test_grid.compared_with AS criteria, back_test_grid.channels WHERE back_test_grid.compared_with IS NOT NULL
			UNION ALL
			SELECT r.criteria, r.channels FROM engage.rule r
			WHERE back_test_grid.compared_with IS NULL AND r.kind = 'criteria' AND engage_internal.is_in_force(r.valid_from, r.valid_to, to_at)
		) r (criteria, channels)
		LEFT JOIN LATERAL engage.back_test(r.criteria, from_at, to_at, r.channels) b ON true
		GROUP BY b.caller_id
	) f;

	RETURN QUERY
	WITH cell AS MATERIALIZED (
		SELECT w.width, w.threshold, sum(w.episodes)::bigint AS episodes, max(w.episodes) AS busiest_week, sum(w.new_callers)::bigint AS callers,
			sum(w.here_and_there)::bigint AS here_and_there, sum(w.seconds_earlier) AS seconds_earlier
		FROM engage_internal.threshold_weeks(lowest, highest, widths, from_at, to_at, channels, week_starts, there, there_met_at) w
		GROUP BY w.width, w.threshold
	), grid AS (
		SELECT i.place, i.width, t.threshold, COALESCE(c.callers, 0) AS callers, COALESCE(c.episodes, 0) AS episodes,
			COALESCE(c.busiest_week, 0) AS busiest_week, c.seconds_earlier / NULLIF(c.here_and_there, 0) AS seconds_earlier,
			CASE WHEN there IS NOT NULL THEN COALESCE(c.here_and_there, 0) END AS here_and_there
		FROM unnest(widths) WITH ORDINALITY i (width, place)
		CROSS JOIN generate_series(lowest, highest) t (threshold)
		LEFT JOIN cell c ON c.width = i.width AND c.threshold = t.threshold
	)
	SELECT g.width, g.threshold, engage_internal.rolling_criterion(g.threshold, g.width), g.callers, g.episodes, g.episodes / weeks,
		g.busiest_week, g.callers / weeks, g.callers - g.here_and_there, cardinality(there) - g.here_and_there, g.here_and_there,
		(g.seconds_earlier / 86400)::double precision
	FROM grid g
	ORDER BY g.place, g.threshold;
END
$$;
COMMENT ON FUNCTION engage.back_test_grid(integer, integer, interval[], timestamptz, timestamptz, engage.criterion[], engage.contact_channel[]) IS
	'What every criterion "threshold in width" would have flagged from from_at up to but not including to_at: one row per width and threshold. episodes_per_week and new_callers_per_week are means, busiest_week the most episodes that began in a local week. The other columns compare the flagged callers with those of compared_with, by default the rules in force at to_at; NULL if there are none. Errors: 22023 for an invalid grid, range or width, 22P02, 22004 for a NULL, 55000 before setup().';

CREATE FUNCTION engage.back_test_grid(lowest integer, highest integer, widths interval[], from_at timestamptz, to_at timestamptz,
		compared_with text, channels engage.contact_channel[] DEFAULT NULL,
		OUT width interval, OUT threshold integer, OUT criterion engage.criterion, OUT callers bigint, OUT episodes bigint,
		OUT episodes_per_week double precision, OUT busiest_week bigint, OUT new_callers_per_week double precision,
		OUT only_here bigint, OUT only_there bigint, OUT here_and_there bigint, OUT days_earlier double precision) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT g.* FROM engage.back_test_grid(back_test_grid.lowest, back_test_grid.highest, back_test_grid.widths, back_test_grid.from_at,
		back_test_grid.to_at, engage.criteria(back_test_grid.compared_with), back_test_grid.channels) g;
END;
COMMENT ON FUNCTION engage.back_test_grid(integer, integer, interval[], timestamptz, timestamptz, text, engage.contact_channel[]) IS
	'back_test_grid() with compared_with written as text: one criterion, ''5 in 1 day'', or an array, ''{5 in 1 day, 10 in 7 days}''.';

-- definer: analysts try thresholds without reading identifying details
CREATE FUNCTION engage.workable_threshold(capacity_per_week integer, from_at timestamptz, to_at timestamptz,
		widths interval[] DEFAULT '{1 day, 7 days}', channels engage.contact_channel[] DEFAULT NULL,
		OUT width interval, OUT fits text, OUT threshold integer, OUT criterion engage.criterion, OUT callers bigint, OUT episodes bigint,
		OUT episodes_per_week double precision, OUT busiest_week bigint) RETURNS SETOF record
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	week_starts timestamptz[] := engage_internal.local_weeks(from_at, to_at);
	weeks double precision := EXTRACT(epoch FROM to_at - from_at) / 604800;
BEGIN
	IF capacity_per_week IS NULL OR capacity_per_week < 1 OR widths IS NULL THEN
		RAISE EXCEPTION 'no widths are given, or the capacity is below 1 episode per week'
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'SELECT * FROM engage.workable_threshold(20, ''2026-01-01'', ''2026-04-01'', ''{1 day, 7 days}'');';
	END IF;
	PERFORM engage.threshold_grid('{}', widths, 2, 2);
	PERFORM engage_internal.check_widths(widths);
	PERFORM engage_internal.rolling_criterion(2, i.width) FROM unnest(widths) i (width);

	RETURN QUERY
	WITH cell AS MATERIALIZED (
		SELECT w.width, w.threshold, sum(w.new_callers)::bigint AS callers, sum(w.episodes)::bigint AS episodes, max(w.episodes) AS busiest_week
		FROM engage_internal.threshold_weeks(2, 2147483647, widths, from_at, to_at, channels, week_starts, NULL, NULL) w
		GROUP BY w.width, w.threshold
	), candidate AS (
		SELECT i.place, i.width, c.threshold, c.callers, c.episodes, c.busiest_week
		FROM unnest(widths) WITH ORDINALITY i (width, place) JOIN cell c ON c.width = i.width
		UNION ALL
		-- the lowest threshold that nobody reached
		SELECT i.place, i.width, COALESCE(max(c.threshold), 1) + 1, 0, 0, 0
		FROM unnest(widths) WITH ORDINALITY i (width, place) LEFT JOIN cell c ON c.width = i.width
		GROUP BY i.place, i.width
	)
	SELECT DISTINCT ON (c.place, f.kind_no) c.width, f.kind, c.threshold, engage_internal.rolling_criterion(c.threshold, c.width), c.callers, c.episodes,
		c.episodes / weeks, c.busiest_week
	FROM candidate c, LATERAL (VALUES (1, 'mean week', c.episodes / weeks), (2, 'busiest week', c.busiest_week)) f (kind_no, kind, episodes)
	WHERE f.episodes <= capacity_per_week
	ORDER BY c.place, f.kind_no, c.threshold;
END
$$;
COMMENT ON FUNCTION engage.workable_threshold(integer, timestamptz, timestamptz, interval[], engage.contact_channel[]) IS
	'For each width the lowest threshold, 2 or more, with at most capacity_per_week episodes in the mean week (fits = mean week), and in every local week (fits = busiest week), and what it would have flagged from from_at up to but not including to_at. There always is one: a threshold that nobody reached fits. Errors: 22023 for a capacity below 1 or an invalid range or width, 22P02 for a width that no criterion can have, 55000 before setup().';
