/*
 * Did it help?  What happened to managed callers, with regression to the mean
 * removed.  Days have 24 hours, whatever the session's time zone.
 */

CREATE FUNCTION engage_internal.check_effect(caller_ids bigint[], managed_at timestamptz, before interval, after interval) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $$
BEGIN
	IF COALESCE(cardinality(caller_ids), 0) = 0 OR array_position(caller_ids, NULL) IS NOT NULL THEN
		RAISE EXCEPTION 'no callers given, or NULL among them'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give their caller_id in an array.';
	END IF;
	IF managed_at IS NULL OR NOT isfinite(managed_at) OR before IS NULL OR before <= '0'::interval OR after IS NULL OR after <= '0'::interval THEN
		RAISE EXCEPTION 'managed_at, before and after must be given, finite and positive'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'SELECT * FROM engage.managed_effect(''{1, 2}'', ''2026-03-02'', before => ''28 days'', after => ''28 days'');';
	END IF;
	IF managed_at + after > now() THEN
		RAISE EXCEPTION 'the time after is not over yet'
			USING ERRCODE = 'invalid_parameter_value', HINT = format('Wait until %s, or give a shorter time after.', managed_at + after);
	END IF;
END
$$;
COMMENT ON FUNCTION engage_internal.check_effect(bigint[], timestamptz, interval, interval) IS
	'Refuses (22023) arguments that managed_effect() cannot use.';

CREATE FUNCTION engage_internal.contacts_around(managed_at timestamptz, before interval, after interval,
		OUT caller_id bigint, OUT contacts_before bigint, OUT contacts_after bigint) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT c.caller_id,
		engage.num_contacts(c.timeline, managed_at - before, managed_at),
		engage.num_contacts(c.timeline, managed_at, managed_at + after)
	FROM engage.caller c
	WHERE c.first_at <= managed_at;
END;
COMMENT ON FUNCTION engage_internal.contacts_around(timestamptz, interval, interval) IS
	'How many contacts each caller known at a time made in the period up to it and in the period after it.';

CREATE FUNCTION engage_internal.current_callers(caller_ids bigint[]) RETURNS bigint[]
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT ARRAY(SELECT DISTINCT c.caller_id FROM unnest(current_callers.caller_ids) u CROSS JOIN LATERAL engage.current_caller(u) c (caller_id) WHERE c.caller_id IS NOT NULL);
END;
COMMENT ON FUNCTION engage_internal.current_callers(bigint[]) IS
	'Who callers are now, each once; ids that never existed are left out.';

-- definer: people who measure effects need no rights on callers
CREATE FUNCTION engage.managed_effect(caller_ids bigint[], managed_at timestamptz, before interval DEFAULT '28 days', after interval DEFAULT '28 days')
	RETURNS engage.before_after_result
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $$
DECLARE
	result engage.before_after_result;
	given bigint;
	merged bigint[];
	strangers bigint;
	newcomers bigint;
BEGIN
	PERFORM engage_internal.check_effect(caller_ids, managed_at, before, after);
	SELECT count(DISTINCT u), count(DISTINCT u) FILTER (WHERE engage.current_caller(u) IS NULL) INTO given, strangers FROM unnest(caller_ids) u;
	merged := engage_internal.current_callers(caller_ids);
	result := (SELECT engage.before_after(a.contacts_before, a.contacts_after, a.caller_id = ANY (merged))
		FROM engage_internal.contacts_around(managed_at, before, after) a);
	newcomers := cardinality(merged) - COALESCE(result.managed, 0);
	IF strangers > 0 THEN
		result.warnings := result.warnings || format('%s of the %s callers given are not known, and are left out', strangers, given);
	END IF;
	IF newcomers > 0 THEN
		result.warnings := result.warnings || format('%s of the %s callers given had no contact by managed_at, and are left out', newcomers, given);
	END IF;
	RETURN result;
END
$$;
COMMENT ON FUNCTION engage.managed_effect(bigint[], timestamptz, interval, interval) IS
	'What happened to a cohort managed from managed_at on: before_after() of its contacts before and after, compared with all callers known by then, so that changes that would have happened anyway are removed. Callers who are unknown, or had no contact by managed_at, are left out, and warnings says how many. Errors (22023): no callers, or a time after that is not over.';

-- definer: people who measure effects need no rights on callers
CREATE FUNCTION engage.caller_effect(caller_ids bigint[], managed_at timestamptz, before interval DEFAULT '28 days', after interval DEFAULT '28 days',
		OUT caller_id bigint, OUT contacts_before bigint, OUT contacts_after bigint, OUT expected_after double precision,
		OUT effect double precision, OUT lower double precision, OUT upper double precision, OUT p_value double precision) RETURNS SETOF record
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $$
#variable_conflict use_column
BEGIN
	PERFORM engage_internal.check_effect(caller_ids, managed_at, before, after);
	caller_ids := engage_internal.current_callers(caller_ids);
	RETURN QUERY
	WITH around AS MATERIALIZED (
		SELECT a.*, a.caller_id = ANY (caller_effect.caller_ids) AS is_managed FROM engage_internal.contacts_around(managed_at, before, after) a
	), cohort AS MATERIALIZED (
		SELECT (engage.before_after(a.contacts_before, a.contacts_after, a.is_managed)).* FROM around a
	), expected AS MATERIALIZED (
		SELECT a.caller_id, a.contacts_before, a.contacts_after, c.expected_sd ^ 2 AS variance,
			GREATEST(0, c.comparison_ratio * (c.prior_mean + COALESCE(c.calibration, 1) * (b.expected - c.prior_mean))) AS expected_after, b.sd ^ 2 AS own_variance
		FROM around a
		CROSS JOIN cohort c
		CROSS JOIN LATERAL engage.empirical_bayes(a.contacts_before::double precision, 1, c.prior_mean, c.prior_shape) b
		WHERE a.is_managed
	), shared_out AS (
		-- the cohort's variance, including changing rates, divided by the uncertainty of each caller
		SELECT e.*, e.variance * COALESCE(e.own_variance / NULLIF(sum(e.own_variance) OVER (), 0), 1.0 / count(*) OVER ()) AS share FROM expected e
	)
	SELECT e.caller_id, e.contacts_before, e.contacts_after, e.expected_after, s.effect, s.lower, s.upper, s.p_value
	FROM shared_out e
	CROSS JOIN LATERAL engage.effect_size(e.contacts_after::double precision, NULLIF(e.expected_after, 0), e.share) s
	ORDER BY e.caller_id;
END
$$;
COMMENT ON FUNCTION engage.caller_effect(bigint[], timestamptz, interval, interval) IS
	'managed_effect() for each caller of the cohort separately: expected_after adds up to that of the cohort, and so do the variances behind the intervals, which are wide. Among many callers some differ by chance: use benjamini_hochberg(). A caller with no expected contacts has no effect. Errors as for managed_effect().';

-- definer: people who measure effects need no rights on callers
CREATE FUNCTION engage.managed_hours_saved(caller_ids bigint[], managed_at timestamptz, before interval DEFAULT '28 days', after interval DEFAULT '28 days',
		OUT contacts_fewer double precision, OUT hours_per_month double precision, OUT lower double precision, OUT upper double precision, OUT formula text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $$
DECLARE
	result engage.before_after_result;
	handling record;
BEGIN
	result := engage.managed_effect(caller_ids, managed_at, before, after);
	SELECT avg(c.handling_seconds) AS mean, COALESCE(stddev_samp(c.handling_seconds) / sqrt(count(c.handling_seconds)), 0) AS standard_error INTO handling
	FROM engage.persona p JOIN engage_internal.counted_contact c ON c.persona_key = p.persona_key
	WHERE p.caller_id = ANY (caller_ids) AND c.occurred_at > managed_at - before AND c.occurred_at <= managed_at + after;
	SELECT h.* INTO contacts_fewer, hours_per_month, lower, upper, formula
	FROM engage.hours_saved(result.after::double precision, result.expected_after, result.expected_sd ^ 2, handling.mean::double precision,
		extract(epoch FROM after)::double precision / (86400 * 30.4375), handling.standard_error::double precision) h;
END
$$;
COMMENT ON FUNCTION engage.managed_hours_saved(bigint[], timestamptz, interval, interval) IS
	'Hours of handling saved per month by managing a cohort: fewer contacts than expected, times the mean handling time of the cohort''s contacts, with a 95% interval and the formula. NULL if no handling time is known. Errors as for managed_effect().';

-- definer: people who measure effects need no rights on callers
CREATE FUNCTION engage.force_wide_change(changed_at timestamptz, from_at timestamptz, to_at timestamptz, period interval DEFAULT '7 days')
	RETURNS engage.interrupted_time_series
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $$
BEGIN
	IF period IS NULL OR period <= '0'::interval OR extract(year FROM period) <> 0 OR extract(month FROM period) <> 0 THEN
		RAISE EXCEPTION 'the period must be positive, without months or years'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give days or less, such as 7 days; months differ in length.';
	END IF;
	IF from_at IS NULL OR to_at IS NULL OR changed_at IS NULL OR NOT isfinite(from_at) OR NOT isfinite(to_at) OR NOT isfinite(changed_at)
			OR NOT (from_at + 3 * period <= changed_at AND changed_at + 3 * period <= to_at) THEN
		RAISE EXCEPTION 'fewer than three whole periods before or after the change'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'SELECT * FROM engage.force_wide_change(''2026-03-02'', ''2025-09-01'', ''2026-09-01'');';
	END IF;
	IF to_at > now() THEN
		RAISE EXCEPTION 'the time after is not over yet'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give a to_at in the past: periods in the future would count as without contacts.';
	END IF;
	RETURN (
		SELECT engage.interrupted_time_series(n.contacts, s.n::integer, 0)
		FROM generate_series(-floor(extract(epoch FROM changed_at - from_at) / extract(epoch FROM period))::integer,
				floor(extract(epoch FROM to_at - changed_at) / extract(epoch FROM period))::integer - 1) s (n)
		LEFT JOIN LATERAL (
			SELECT count(*) AS contacts FROM engage_internal.counted_contact c
			WHERE c.occurred_at >= changed_at + s.n * period AND c.occurred_at < changed_at + (s.n + 1) * period
		) n ON true);
END
$$;
COMMENT ON FUNCTION engage.force_wide_change(timestamptz, timestamptz, timestamptz, interval) IS
	'The effect of a change for all callers on the number of contacts per period: interrupted_time_series() of the whole periods before and after it. Periods without contacts are zeros, so from_at must not be before the first contact. Errors (22023): fewer than three periods on either side, a to_at in the future, periods with months.';
