/*
 * Verify: everything that refresh made, against what contacts, rules, known
 * numbers, decisions and markers give.
 *
 * verify() puts its parts together and knows which of them can be checked while
 * something waits in the queue.  A part is a SQL function that is STABLE, runs
 * as its caller and has no settings, so the planner puts its query into that of
 * verify(): all tables are locked before the one snapshot is taken, and no part
 * has another.
 */

-- Who waits: subjects in the queue, of contacts that have come due, or set aside.

CREATE FUNCTION engage_internal.waiting_personas(OUT persona_key uuid) RETURNS SETOF uuid
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT q.persona_key FROM engage_internal.dirty q WHERE q.subject = 'persona'
	UNION SELECT l.persona_key FROM engage_internal.later l WHERE l.subject = 'persona' AND l.due_at <= now()
	UNION SELECT a.persona_key FROM engage.set_aside a WHERE a.stage = 'count';
END;
COMMENT ON FUNCTION engage_internal.waiting_personas() IS 'The personas that wait to be counted. For verify().';

CREATE FUNCTION engage_internal.waiting_callers(OUT caller_id bigint) RETURNS SETOF bigint
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT q.caller_id FROM engage_internal.dirty q WHERE q.subject = 'caller'
	UNION SELECT a.caller_id FROM engage.set_aside a WHERE a.stage IN ('sum up', 'flags')
	UNION SELECT p.caller_id FROM engage.set_aside a JOIN engage.persona p ON p.persona_key = a.persona_key WHERE p.caller_id IS NOT NULL;
END;
COMMENT ON FUNCTION engage_internal.waiting_callers() IS 'The callers whose flags wait to be assessed. For verify().';

CREATE FUNCTION engage_internal.waiting_scores(OUT caller_id bigint) RETURNS SETOF bigint
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT q.caller_id FROM engage_internal.dirty q WHERE q.subject = 'risk' AND q.caller_id IS NOT NULL
	UNION SELECT a.caller_id FROM engage.set_aside a WHERE a.stage IN ('sum up', 'score')
	UNION SELECT p.caller_id FROM engage.set_aside a JOIN engage.persona p ON p.persona_key = a.persona_key WHERE p.caller_id IS NOT NULL;
END;
COMMENT ON FUNCTION engage_internal.waiting_scores() IS 'The callers who wait to be scored. For verify().';

CREATE FUNCTION engage_internal.waiting_days(OUT date_key integer) RETURNS SETOF integer
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT DISTINCT engage.date_key(engage.local_date(q.period_start, o.zone))
	FROM engage.policy o, (SELECT x.period_start FROM engage_internal.dirty x WHERE x.subject = 'day' AND x.period_start IS NOT NULL
		UNION ALL SELECT l.period_start FROM engage_internal.later l WHERE l.subject = 'day' AND l.due_at <= now()
		UNION ALL SELECT a.period_start FROM engage.set_aside a WHERE a.stage = 'day') q;
END;
COMMENT ON FUNCTION engage_internal.waiting_days() IS 'The days that wait to be summed up. For verify().';

-- The parts: errors in one kind of subject, except those that wait.

CREATE FUNCTION engage_internal.verify_personas(sample double precision, fillers_wait boolean, OUT subject text, OUT key text, OUT problem text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH counted AS MATERIALIZED (
		SELECT c.persona_key, c.channel, engage.timeline_agg(c.occurred_at) AS timeline
		FROM engage_internal.counted_contact c
		WHERE c.persona_key IS NOT NULL AND engage_internal.is_sampled(c.persona_key::text, sample)
		GROUP BY c.persona_key, c.channel
	), kept AS (
		SELECT t.* FROM engage.persona_timeline t WHERE engage_internal.is_sampled(t.persona_key::text, sample)
	), waiting AS MATERIALIZED (
		SELECT q.persona_key FROM engage_internal.waiting_personas() q
	)
	SELECT 'persona'::text, COALESCE((SELECT 'caller ' || p.caller_id FROM engage.persona p WHERE p.persona_key = COALESCE(w.persona_key, k.persona_key)), 'no caller'),
		'its timeline differs from its contacts on ' || COALESCE(w.channel, k.channel)::text
	FROM counted w FULL JOIN kept k ON k.persona_key = w.persona_key AND k.channel = w.channel
	WHERE COALESCE(w.timeline OPERATOR(engage.<>) k.timeline, true)
		AND NOT EXISTS (SELECT FROM waiting q WHERE q.persona_key = COALESCE(w.persona_key, k.persona_key))
	UNION ALL
	SELECT 'persona', COALESCE('caller ' || p.caller_id, 'no caller'),
		CASE WHEN p.persona_key IS NULL THEN 'it is missing' WHEN w.persona_key IS NULL THEN 'it has no contact left'
			WHEN p.number IS DISTINCT FROM e.number THEN 'its number is not what its details give' ELSE 'its details are not what its contacts give' END
	FROM (SELECT DISTINCT t.persona_key FROM counted t) w
	FULL JOIN (SELECT x.* FROM engage.persona x WHERE engage_internal.is_sampled(x.persona_key::text, sample)) p
		ON p.persona_key = w.persona_key
	CROSS JOIN engage.policy o
	CROSS JOIN engage_internal.current_fillers() f
	CROSS JOIN engage_internal.identity_detail_kinds() d
	LEFT JOIN LATERAL (
		SELECT x.*, engage_internal.presented_number(x.number_raw, x.cli_status) AS presented FROM engage_internal.countable_contact x
		WHERE x.persona_key = w.persona_key
		LIMIT 1
	) c ON true
	LEFT JOIN LATERAL engage_internal.without_fillers(engage.phone(c.presented, o.region), c.given_name, c.family_name, c.date_of_birth, c.address,
		c.postcode, c.email, c.imei, c.nominal_ref, c.identity_details, d, f.fillers, f.is_real) e ON true
	WHERE (w.persona_key IS NULL OR p.persona_key IS NULL OR NOT fillers_wait AND
			(p.number, p.given_name, p.family_name, p.date_of_birth, p.address, p.postcode, p.email, p.imei, p.nominal_ref, p.identity_details)
				IS DISTINCT FROM (e.number, e.given_name, e.family_name, e.date_of_birth, e.address, e.postcode, e.email, e.imei, e.nominal_ref, e.identity_details))
		AND NOT EXISTS (SELECT FROM waiting q WHERE q.persona_key = COALESCE(w.persona_key, p.persona_key));
END;
COMMENT ON FUNCTION engage_internal.verify_personas(double precision, boolean) IS
	'Personas whose timelines, numbers or details are not what their contacts give. While fillers wait, numbers and details are not checked. For verify().';

CREATE FUNCTION engage_internal.verify_identities(sample double precision, OUT subject text, OUT key text, OUT problem text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL UNSAFE
BEGIN ATOMIC
	WITH linked AS MATERIALIZED (
		-- whole components, so that a sample is linked in the same way as all personas
		SELECT k.*
		FROM engage_internal.cluster_personas(engage.current_linkage_model(), CASE WHEN sample < 1 THEN ARRAY(
				SELECT x.persona_key FROM engage.persona x WHERE engage_internal.is_sampled(x.component::text, sample)) END) k
		WHERE EXISTS (SELECT FROM engage.linkage_state)
	)
	-- the same personas together, and the same apart
	SELECT 'identity'::text, COALESCE('caller ' || p.caller_id, 'no caller'), 'its caller or component is not what its details give'
	FROM (
		SELECT x.persona_key, x.caller_id, x.component, k.component AS wanted,
			count(*) OVER (PARTITION BY x.caller_id, k.cluster) AS together,
			count(*) OVER (PARTITION BY x.caller_id) AS of_caller,
			CASE WHEN k.tells_caller THEN count(*) OVER (PARTITION BY k.cluster) ELSE 0 END AS of_cluster
		FROM linked k JOIN engage.persona x ON x.persona_key = k.persona_key
	) p
	WHERE p.component IS DISTINCT FROM p.wanted
		OR CASE WHEN p.caller_id IS NULL THEN p.of_cluster > 0 ELSE p.together <> p.of_caller OR p.together <> p.of_cluster END;
END;
COMMENT ON FUNCTION engage_internal.verify_identities(double precision) IS
	'Personas whose caller or component is not what linking them again gives; of those in whole components. For verify().';

CREATE FUNCTION engage_internal.verify_callers(sample double precision, OUT subject text, OUT key text, OUT problem text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT 'caller'::text, c.caller_id::text, 'its timeline differs from its personas'''
	FROM engage.caller c
	LEFT JOIN (
		SELECT p.caller_id, engage.rollup(t.timeline) AS timeline
		FROM engage.persona p JOIN engage.persona_timeline t ON t.persona_key = p.persona_key
		WHERE p.caller_id IS NOT NULL
		GROUP BY p.caller_id
	) w ON w.caller_id = c.caller_id
	WHERE engage_internal.is_sampled(c.caller_id::text, sample) AND NOT EXISTS (SELECT FROM engage.set_aside a WHERE a.stage = 'sum up' AND a.caller_id = c.caller_id)
		AND (COALESCE(c.timeline OPERATOR(engage.<>) w.timeline, (c.timeline IS NULL) <> (w.timeline IS NULL))
			OR c.contacts <> COALESCE(engage.num_contacts(w.timeline), 0)
			OR c.first_at IS DISTINCT FROM engage.first_at(w.timeline) OR c.last_at IS DISTINCT FROM engage.last_at(w.timeline))
	UNION ALL
	SELECT 'caller', c.caller_id::text, 'it has no key for dashboards'
	FROM engage.caller c
	WHERE c.contacts > 0 AND engage_internal.is_sampled(c.caller_id::text, sample)
		AND NOT EXISTS (SELECT FROM engage_internal.caller_pseudonym p WHERE p.caller_id = c.caller_id);
END;
COMMENT ON FUNCTION engage_internal.verify_callers(double precision) IS
	'Callers whose totals are not those of their personas, or who have no key for dashboards. For verify().';

CREATE FUNCTION engage_internal.verify_flags(sample double precision, OUT subject text, OUT key text, OUT problem text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH episode AS (
		-- criteria as text: pg_upgrade makes functions before the operator class that EXCEPT would need
		SELECT r.rule_id, s.caller_id, e.started_at, e.met_at, e.ended_at, e.contacts, e.peak, e.criteria_met::text AS criteria_met
		FROM engage.rule r, LATERAL (
				SELECT p.caller_id, engage.rollup(t.timeline) AS timeline
				FROM engage.persona p JOIN engage.persona_timeline t ON t.persona_key = p.persona_key
				WHERE p.caller_id IS NOT NULL AND engage_internal.is_sampled(p.caller_id::text, sample)
					AND (r.channels IS NULL OR t.channel = ANY (r.channels))
				GROUP BY p.caller_id
			) s, LATERAL engage.episodes(s.timeline, r.criteria, r.valid_from, r.valid_to) e
		WHERE r.kind = 'criteria'
	), standing AS (
		SELECT f.rule_id, f.caller_id, f.started_at, f.met_at, f.ended_at, f.contacts, f.peak, f.criteria_met::text
		FROM engage.flag f JOIN engage.rule r ON r.rule_id = f.rule_id
		WHERE f.withdrawn_at IS NULL AND r.kind = 'criteria' AND engage_internal.is_sampled(f.caller_id::text, sample)
	)
	SELECT 'flag'::text, format('caller %s, rule %s, met at %s', d.caller_id, d.rule_id, d.met_at), d.problem
	FROM (
		SELECT x.*, 'it is missing'::text FROM (SELECT * FROM episode EXCEPT ALL SELECT * FROM standing) x
		UNION ALL
		SELECT x.*, 'no episode gives it' FROM (SELECT * FROM standing EXCEPT ALL SELECT * FROM episode) x
	) d (rule_id, caller_id, started_at, met_at, ended_at, contacts, peak, criteria_met, problem)
	WHERE NOT EXISTS (SELECT FROM engage_internal.waiting_callers() q WHERE q.caller_id = d.caller_id);
END;
COMMENT ON FUNCTION engage_internal.verify_flags(double precision) IS
	'Flags of rules with criteria that are missing, or that no episode gives. For verify().';

CREATE FUNCTION engage_internal.verify_top_flags(OUT subject text, OUT key text, OUT problem text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH top AS (
		SELECT r.rule_id, p.period_start, t.caller_id, t.contacts
		FROM engage.rule r, LATERAL engage_internal.periods_of(r.rule_id) p (period_start), LATERAL engage_internal.top_of_period(r.rule_id, p.period_start) t
		WHERE r.kind = 'top'
	), standing AS (
		SELECT f.rule_id, engage.period_start(f.started_at, r.top_period, o.zone) AS period_start, f.caller_id, f.contacts
		FROM engage.policy o, engage.flag f JOIN engage.rule r ON r.rule_id = f.rule_id
		WHERE f.withdrawn_at IS NULL AND r.kind = 'top'
	)
	SELECT 'flag'::text, format('caller %s, rule %s, period of %s', d.caller_id, d.rule_id, d.period_start), d.problem
	FROM (
		SELECT x.*, 'it is missing'::text FROM (SELECT * FROM top EXCEPT ALL SELECT * FROM standing) x
		UNION ALL
		SELECT x.*, 'the caller is not among the top' FROM (SELECT * FROM standing EXCEPT ALL SELECT * FROM top) x
	) d (rule_id, period_start, caller_id, contacts, problem)
	WHERE NOT EXISTS (SELECT FROM engage_internal.dirty q
			WHERE q.subject = 'period' AND q.rule_id = d.rule_id AND q.period_start = d.period_start)
		AND NOT EXISTS (SELECT FROM engage.set_aside a WHERE a.stage = 'top' AND a.rule_id = d.rule_id AND a.period_start = d.period_start)
		AND NOT EXISTS (SELECT FROM engage.set_aside a WHERE a.stage = 'count');
END;
COMMENT ON FUNCTION engage_internal.verify_top_flags() IS
	'Flags of top rules that are missing, or whose caller is not among the top of the period; always of all callers. For verify().';

CREATE FUNCTION engage_internal.verify_scores(sample double precision, OUT subject text, OUT key text, OUT problem text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH scored AS (
		SELECT k.* FROM engage.caller_risk k
		WHERE engage_internal.is_sampled(k.caller_id::text, sample)
			AND NOT EXISTS (SELECT FROM engage_internal.waiting_scores() q WHERE q.caller_id = k.caller_id)
	)
	-- each as of its own time, and by its own version
	SELECT 'risk'::text, k.caller_id::text, CASE WHEN r.caller_id IS NULL THEN 'it has a score, and no contact'
		WHEN k.model_id <> engage.current_risk_model() THEN 'its score is of an older version of the risk factors'
		ELSE 'its score is not what its contacts and markers give' END
	FROM scored k
	-- a full join, although all computed rows are kept: a nested loop cannot do it, whatever number of rows the planner expects
	FULL JOIN (
		SELECT s.*
		FROM (SELECT x.model_id, x.as_of, array_agg(x.caller_id) AS caller_ids FROM scored x GROUP BY x.model_id, x.as_of) g
		CROSS JOIN LATERAL engage_internal.risk_of(g.model_id, g.as_of, g.caller_ids) s
	) r ON r.caller_id = k.caller_id
	WHERE k.model_id <> engage.current_risk_model()
		OR (k.demand_score, k.harm_points, k.natures, k.probability, k.expected_contacts, k.expected_hours, k.probability_active)
			IS DISTINCT FROM (r.demand_score, r.harm_points, r.natures, r.probability, r.expected_contacts, r.expected_hours, r.probability_active);
END;
COMMENT ON FUNCTION engage_internal.verify_scores(double precision) IS
	'Callers whose score is not what their contacts and markers give, as of the time of the score. For verify().';

CREATE FUNCTION engage_internal.verify_unscored(sample double precision, OUT subject text, OUT key text, OUT problem text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT 'risk'::text, c.caller_id::text, 'it has no score'::text
	FROM engage.caller c
	WHERE EXISTS (SELECT FROM engage.risk_state) AND c.first_at <= (SELECT s.scored_at FROM engage.risk_state s)
		AND engage_internal.is_sampled(c.caller_id::text, sample)
		AND NOT EXISTS (SELECT FROM engage_internal.waiting_scores() q WHERE q.caller_id = c.caller_id)
		AND NOT EXISTS (SELECT FROM engage.caller_risk k WHERE k.caller_id = c.caller_id);
END;
COMMENT ON FUNCTION engage_internal.verify_unscored(double precision) IS
	'Callers without a score, though all callers have been scored since their first contact. For verify().';

CREATE FUNCTION engage_internal.verify_days(sample double precision, OUT subject text, OUT key text, OUT problem text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH counts AS MATERIALIZED (
		SELECT * FROM engage_internal.expected_counts('-infinity', 'infinity')
	), days AS (
		SELECT a.date_key, a.channel_key, a.contact_type_key, a.district_key, a.contacts, a.answered, a.answered_within_10s, a.abandoned,
			a.answer_seconds, a.handling_seconds, a.deployed, a.incidents, a.abandoned_known, a.deployed_known
		FROM counts a WHERE a.grain = 'day'
	), hours AS (
		SELECT a.date_key, a.time_key, a.channel_key, a.district_key, a.contacts, a.answered, a.answer_seconds, a.handling_seconds
		FROM counts a WHERE a.grain = 'hour'
	), feeds AS (
		SELECT a.date_key, f.feed_key, a.contacts, a.last_at, a.last_recorded_at, a.delay_seconds, a.without_details, a.district_not_listed,
			a.code_not_listed, a.without_handling_time, a.without_district, a.recorded_late
		FROM counts a LEFT JOIN engage.feed f ON f.source = a.source WHERE a.grain = 'feed'
	)
	SELECT DISTINCT 'day'::text, d.date_key::text, 'its summary is not what its contacts give'::text
	FROM (
		SELECT x.date_key FROM (SELECT * FROM days EXCEPT ALL SELECT * FROM engage.daily_count) x
		UNION ALL
		SELECT x.date_key FROM (SELECT * FROM engage.daily_count EXCEPT ALL SELECT * FROM days) x
		UNION ALL
		SELECT x.date_key FROM (SELECT * FROM hours EXCEPT ALL SELECT * FROM engage.hourly_count) x
		UNION ALL
		SELECT x.date_key FROM (SELECT * FROM engage.hourly_count EXCEPT ALL SELECT * FROM hours) x
		UNION ALL
		SELECT x.date_key FROM (SELECT * FROM feeds EXCEPT ALL SELECT * FROM engage.feed_count) x
		UNION ALL
		SELECT x.date_key FROM (SELECT * FROM engage.feed_count EXCEPT ALL SELECT * FROM feeds) x
	) d
	WHERE engage_internal.is_sampled(d.date_key::text, sample) AND NOT EXISTS (SELECT FROM engage_internal.waiting_days() q WHERE q.date_key = d.date_key);
END;
COMMENT ON FUNCTION engage_internal.verify_days(double precision) IS
	'Days whose summaries, by day, hour or feed, are not what their contacts give. For verify().';

CREATE FUNCTION engage_internal.verify_later(sample double precision, days_wait boolean, OUT subject text, OUT key text, OUT problem text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH coming AS MATERIALIZED (
		SELECT c.persona_key, c.occurred_at
		FROM engage_internal.countable_contact c
		WHERE timezone('UTC', c.occurred_at) > timezone('UTC', now()) AND timezone('UTC', c.occurred_at) < 'infinity'
	)
	SELECT 'persona'::text, 'no caller'::text, 'what waits for its contacts to come is not for the first of them'::text
	FROM (SELECT a.persona_key, min(a.occurred_at) AS due_at FROM coming a WHERE a.persona_key IS NOT NULL GROUP BY a.persona_key) w
	FULL JOIN (SELECT l.persona_key, l.due_at FROM engage_internal.later l WHERE l.subject = 'persona') h ON h.persona_key = w.persona_key
	WHERE w.due_at IS DISTINCT FROM h.due_at AND engage_internal.is_sampled(COALESCE(w.persona_key, h.persona_key)::text, sample)
		AND NOT EXISTS (SELECT FROM engage_internal.waiting_personas() q WHERE q.persona_key = COALESCE(w.persona_key, h.persona_key))
	UNION ALL
	SELECT 'day', COALESCE(w.date_key, h.date_key)::text, 'what waits for its contacts to come is not for the first of them'
	FROM (SELECT k.date_key, min(k.due_at) AS due_at FROM (
			SELECT engage.date_key(engage.local_date(a.occurred_at, o.zone)) AS date_key, a.occurred_at AS due_at FROM coming a, engage.policy o
			WHERE a.occurred_at < '2199-12-31') k GROUP BY k.date_key) w
	FULL JOIN (SELECT engage.date_key(engage.local_date(l.period_start, o.zone)) AS date_key, l.due_at FROM engage_internal.later l, engage.policy o
		WHERE l.subject = 'day' AND l.due_at < '2199-12-31') h ON h.date_key = w.date_key
	WHERE w.due_at IS DISTINCT FROM h.due_at AND NOT days_wait AND engage_internal.is_sampled(COALESCE(w.date_key, h.date_key)::text, sample)
		AND NOT EXISTS (SELECT FROM engage_internal.waiting_days() q WHERE q.date_key = COALESCE(w.date_key, h.date_key));
END;
COMMENT ON FUNCTION engage_internal.verify_later(double precision, boolean) IS
	'Personas and days with contacts that are still to come, and that are not due when the first of these happens. While all days wait, days are not checked. For verify().';

CREATE FUNCTION engage_internal.verify_roster(sample double precision, OUT subject text, OUT key text, OUT problem text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH spells AS MATERIALIZED (
		SELECT * FROM engage_internal.expected_roster(NULL)
	), months AS MATERIALIZED (
		SELECT * FROM engage_internal.expected_roster_months(NULL)
	)
	SELECT DISTINCT 'roster'::text, 'caller ' || d.caller_id, 'it is not what the flags and contacts give'::text
	FROM (
		SELECT x.caller_id FROM (SELECT * FROM spells EXCEPT ALL SELECT * FROM engage.roster) x
		UNION ALL
		SELECT x.caller_id FROM (SELECT * FROM engage.roster EXCEPT ALL SELECT * FROM spells) x
		UNION ALL
		SELECT x.caller_id FROM (SELECT * FROM months EXCEPT ALL SELECT * FROM engage.roster_month) x
		UNION ALL
		SELECT x.caller_id FROM (SELECT * FROM engage.roster_month EXCEPT ALL SELECT * FROM months) x
	) d
	WHERE engage_internal.is_sampled(d.caller_id::text, sample) AND NOT EXISTS (SELECT FROM engage_internal.waiting_callers() q WHERE q.caller_id = d.caller_id);
END;
COMMENT ON FUNCTION engage_internal.verify_roster(double precision) IS
	'Callers whose rows of the roster, or of its months, are not what the flags and contacts give. For verify().';

-- definer: operators verify without rights on contacts, callers or flags
-- volatile: so it locks tables before it takes its snapshot, and sees a TRUNCATE and its queue row or neither
CREATE FUNCTION engage.verify(sample double precision DEFAULT 1, OUT subject text, OUT key text, OUT problem text) RETURNS SETOF record
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
BEGIN ATOMIC
	WITH waiting AS MATERIALIZED (
		SELECT COALESCE(bool_or(q.subject = 'everything'), false) AS everything,
			COALESCE(bool_or(q.subject IN ('persona', 'filler')), false) AS personas,
			COALESCE(bool_or(q.subject = 'filler'), false) AS fillers,
			COALESCE(bool_or(q.subject = 'number'), false) AS numbers,
			COALESCE(bool_or(q.subject = 'identity'), false) AS identities,
			COALESCE(bool_or(q.subject = 'rule'), false) AS rules,
			COALESCE(bool_or(q.subject = 'period'), false) AS periods,
			COALESCE(bool_or(q.subject = 'risk' AND q.caller_id IS NULL), false) AS scores,
			COALESCE(bool_or(q.subject = 'day' AND q.period_start IS NULL), false) AS days,
			COALESCE(bool_or(q.subject = 'roster'), false) AS roster
		FROM (SELECT x.subject, x.caller_id, x.period_start FROM engage_internal.dirty x
			UNION ALL SELECT l.subject, NULL, l.period_start FROM engage_internal.later l WHERE l.due_at <= now()) q
	)
	SELECT v.*
	FROM waiting w
	CROSS JOIN LATERAL (
		SELECT * FROM engage_internal.verify_personas(sample, w.fillers)
		UNION ALL
		SELECT * FROM engage_internal.verify_identities(sample) WHERE NOT (w.personas OR w.numbers OR w.identities)
		UNION ALL
		SELECT * FROM engage_internal.verify_callers(sample)
		UNION ALL
		SELECT * FROM engage_internal.verify_flags(sample) WHERE NOT w.rules
		UNION ALL
		SELECT * FROM engage_internal.verify_top_flags() WHERE NOT (w.personas OR w.numbers OR w.identities OR w.rules)
		UNION ALL
		SELECT * FROM engage_internal.verify_scores(sample) WHERE NOT (w.personas OR w.numbers OR w.identities OR w.rules OR w.scores)
		UNION ALL
		SELECT * FROM engage_internal.verify_unscored(sample) WHERE NOT (w.personas OR w.identities OR w.scores)
		UNION ALL
		SELECT * FROM engage_internal.verify_days(sample) WHERE NOT w.days
		UNION ALL
		SELECT * FROM engage_internal.verify_later(sample, w.days)
		UNION ALL
		SELECT * FROM engage_internal.verify_roster(sample) WHERE NOT (w.personas OR w.numbers OR w.identities OR w.rules OR w.periods OR w.roster)
	) v
	WHERE NOT w.everything;
END;
COMMENT ON FUNCTION engage.verify(double precision) IS
	'Every subject that is not in the queue and yet differs from what contacts, rules and known numbers give: no row means that all is right. Reads everything under one snapshot of its own, taken when no TRUNCATE is running. A sample below 1 checks that share of personas and callers. While everything is in the queue, there are no rows.';
