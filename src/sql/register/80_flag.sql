/*
 * Flags: which callers met which rule, once per episode.
 */

CREATE TABLE engage.flag (
	flag_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	rule_id integer NOT NULL,
	caller_id bigint NOT NULL,
	started_at timestamptz NOT NULL,
	met_at timestamptz NOT NULL,
	ended_at timestamptz NOT NULL,
	contacts bigint NOT NULL,
	peak bigint NOT NULL,
	criteria_met engage.criterion[] NOT NULL,
	raised_at timestamptz NOT NULL DEFAULT now(),
	data_as_of timestamptz NOT NULL DEFAULT now(),
	run_id bigint,
	withdrawn_at timestamptz,
	withdrawn_reason text,
	CONSTRAINT flag_withdrawal CHECK ((withdrawn_at IS NULL) = (withdrawn_reason IS NULL))
);
COMMENT ON TABLE engage.flag IS
	'A rule met by a caller, one row per episode. It follows its episode as contacts arrive late or go away. If the episode is gone the flag is withdrawn, never deleted; if it comes back the flag is reinstated (flag_event). Made by refresh; people decide what it means.';
COMMENT ON COLUMN engage.flag.rule_id IS 'The version of the rule that raised the flag; that version can then not be deleted.';
COMMENT ON COLUMN engage.flag.started_at IS 'First contact in the window of the first contact that met the rule.';
COMMENT ON COLUMN engage.flag.met_at IS 'First contact at which the rule was met.';
COMMENT ON COLUMN engage.flag.ended_at IS 'Latest contact at which the rule was met.';
COMMENT ON COLUMN engage.flag.contacts IS 'Contacts from started_at to ended_at on the rule''s channels.';
COMMENT ON COLUMN engage.flag.peak IS 'Contacts in the fullest window that met a criterion.';
COMMENT ON COLUMN engage.flag.criteria_met IS 'Which of the rule''s criteria the episode met; empty for a rule of the top callers.';
COMMENT ON COLUMN engage.flag.raised_at IS 'When the flag was first raised.';
COMMENT ON COLUMN engage.flag.data_as_of IS 'When its figures last changed: they show what was known at that time.';
COMMENT ON COLUMN engage.flag.run_id IS 'The refresh run that last changed it.';
COMMENT ON COLUMN engage.flag.withdrawn_reason IS 'Why the flag no longer holds; if the caller was split, by which decision.';
CREATE INDEX flag_caller ON engage.flag (caller_id) WHERE withdrawn_at IS NULL;
CREATE INDEX flag_ended_at ON engage.flag (ended_at) WHERE withdrawn_at IS NULL;
CREATE INDEX flag_period ON engage.flag (rule_id, started_at) WHERE withdrawn_at IS NULL;
CREATE INDEX flag_withdrawn ON engage.flag (caller_id, rule_id, started_at) WHERE withdrawn_at IS NOT NULL;
SELECT pg_extension_config_dump('engage.flag', '');
SELECT pg_extension_config_dump(pg_get_serial_sequence('engage.flag', 'flag_id')::regclass, '');

CREATE TABLE engage.flag_event (
	flag_id bigint NOT NULL,
	at timestamptz NOT NULL DEFAULT now(),
	event text NOT NULL CHECK (event = ANY (ARRAY['withdrawn', 'reinstated'])),
	reason text NOT NULL,
	run_id bigint
);
COMMENT ON TABLE engage.flag_event IS
	'Each time a flag was withdrawn, or reinstated because its episode came back. Append-only. Made by refresh.';
COMMENT ON COLUMN engage.flag_event.reason IS 'Why the flag was withdrawn; for a reinstated flag, why it had been.';
COMMENT ON COLUMN engage.flag_event.run_id IS 'The refresh run that did it.';
CREATE INDEX flag_event_flag ON engage.flag_event (flag_id);
SELECT pg_extension_config_dump('engage.flag_event', '');

CREATE FUNCTION engage_internal.is_current_flag(withdrawn_at timestamptz, ended_at timestamptz, at timestamptz, current_for interval) RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE
RETURN withdrawn_at IS NULL AND ended_at > at - current_for;
COMMENT ON FUNCTION engage_internal.is_current_flag(timestamptz, timestamptz, timestamptz, interval) IS
	'Whether a flag is current: it stands, and its latest meeting contact is within policy.flag_current_for.';

CREATE FUNCTION engage_internal.caller_episodes(caller_ids bigint[],
		OUT rule_id integer, OUT caller_id bigint, OUT episode_no integer, OUT started_at timestamptz, OUT met_at timestamptz,
		OUT ended_at timestamptz, OUT contacts bigint, OUT peak bigint, OUT criteria_met engage.criterion[]) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off ROWS 100
BEGIN ATOMIC
	SELECT r.rule_id, s.caller_id, e.*
	FROM engage.rule r, (SELECT DISTINCT u.caller_id FROM unnest(caller_ids) u (caller_id)) s, LATERAL (
			-- in steps, as in sum_up_callers()
			SELECT engage.rollup(t.timeline) AS timeline
			FROM (SELECT x.persona_key FROM engage.persona x WHERE x.caller_id = s.caller_id OFFSET 0) p,
				LATERAL (SELECT y.timeline FROM engage.persona_timeline y
					WHERE y.persona_key = p.persona_key AND (r.channels IS NULL OR y.channel = ANY (r.channels)) OFFSET 0) t
		) c, LATERAL engage.episodes(c.timeline, r.criteria, r.valid_from, r.valid_to) e
	WHERE r.kind = 'criteria';
END;
COMMENT ON FUNCTION engage_internal.caller_episodes(bigint[]) IS
	'The episodes in which callers met rules of kind criteria, computed from their personas'' timelines.';

CREATE FUNCTION engage_internal.why_parted(caller_id bigint, run_id bigint) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	moved uuid[];
	decisions integer[];
BEGIN
	SELECT array_agg(u.persona_key) INTO moved
	FROM engage.merge_event e, unnest(e.persona_keys) u (persona_key)
	WHERE e.from_caller = why_parted.caller_id AND e.run_id = why_parted.run_id AND e.kind IN ('split', 'move');
	IF moved IS NULL THEN
		RETURN NULL;
	END IF;
	SELECT array_agg(DISTINCT d.decision_id) INTO decisions
	FROM engage.link_decision d, LATERAL (VALUES (d.left_personas, d.left_number, d.right_personas, d.right_number),
			(d.right_personas, d.right_number, d.left_personas, d.left_number)) s (gone, gone_number, stays, stays_number)
	WHERE NOT d.is_same AND d.revoked_at IS NULL
		AND EXISTS (SELECT FROM engage.persona p WHERE p.persona_key = ANY (moved)
			AND (p.persona_key = ANY (s.gone) OR p.number = s.gone_number))
		AND EXISTS (SELECT FROM engage.persona p WHERE p.caller_id = why_parted.caller_id
			AND (p.persona_key = ANY (s.stays) OR p.number = s.stays_number));
	IF decisions IS NOT NULL THEN
		RETURN format('decision%s %s split the caller', CASE WHEN cardinality(decisions) > 1 THEN 's' END, array_to_string(decisions, ', '));
	END IF;
	SELECT array_agg(DISTINCT d.decision_id) INTO decisions
	FROM engage.link_decision d
	WHERE d.is_same AND (d.left_personas && moved OR d.right_personas && moved)
		AND d.revoked_at >= (SELECT min(r.started_at) FROM (
			-- since the run before this one
			SELECT x.started_at FROM engage.refresh_run x
			WHERE x.run_id <= why_parted.run_id ORDER BY x.run_id DESC LIMIT 2) r);
	RETURN CASE cardinality(decisions)
		WHEN 1 THEN format('the caller was split when decision %s was revoked', decisions[1])
		ELSE COALESCE('the caller was split when decisions ' || array_to_string(decisions, ', ') || ' were revoked',
			'the caller was split') END;
END
$$;
COMMENT ON FUNCTION engage_internal.why_parted(bigint, bigint) IS
	'Why a caller lost personas to others in a refresh run, in words, with the decision if there was one; NULL if it lost none. For withdrawn_reason.';

-- What is to become of a flag: what it says of its episode; or, without started_at, why it is withdrawn.  A new one has no flag_id.
CREATE TYPE engage_internal.flag_wanted AS (
	flag_id bigint,
	rule_id integer,
	caller_id bigint,
	started_at timestamptz,
	met_at timestamptz,
	ended_at timestamptz,
	contacts bigint,
	peak bigint,
	criteria_met engage.criterion[],
	withdrawn_reason text
);
COMMENT ON TYPE engage_internal.flag_wanted IS 'A flag as write_flags() makes it.';

CREATE FUNCTION engage_internal.write_flags(wanted engage_internal.flag_wanted[], run_id bigint, OUT raised bigint, OUT changed bigint, OUT withdrawn bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	WITH want AS MATERIALIZED (
		SELECT u.*, f.withdrawn_at IS NOT NULL AS is_back, f.withdrawn_reason AS was_withdrawn_for,
			(f.started_at, f.met_at, f.ended_at, f.contacts, f.peak, f.criteria_met)
				IS DISTINCT FROM (u.started_at, u.met_at, u.ended_at, u.contacts, u.peak, u.criteria_met) AS differs
		FROM unnest(wanted) WITH ORDINALITY u (flag_id, rule_id, caller_id, started_at, met_at, ended_at, contacts, peak, criteria_met, withdrawn_reason, place)
		LEFT JOIN LATERAL (SELECT x.* FROM engage.flag x WHERE x.flag_id = u.flag_id OFFSET 0) f ON true
	), kept AS (
		UPDATE engage.flag f
		SET started_at = w.started_at, met_at = w.met_at, ended_at = w.ended_at, contacts = w.contacts, peak = w.peak,
			criteria_met = w.criteria_met, data_as_of = now(), run_id = write_flags.run_id, withdrawn_at = NULL, withdrawn_reason = NULL
		FROM want w WHERE f.flag_id = w.flag_id AND w.started_at IS NOT NULL AND (w.is_back OR w.differs)
		RETURNING w.is_back
	), gone AS (
		UPDATE engage.flag f
		SET withdrawn_at = now(), run_id = write_flags.run_id, withdrawn_reason = w.withdrawn_reason
		FROM want w WHERE f.flag_id = w.flag_id AND w.started_at IS NULL
		RETURNING f.flag_id, f.withdrawn_reason
	), events AS (
		INSERT INTO engage.flag_event (flag_id, event, reason, run_id)
		SELECT g.flag_id, 'withdrawn', g.withdrawn_reason, write_flags.run_id FROM gone g
		UNION ALL
		SELECT w.flag_id, 'reinstated', w.was_withdrawn_for, write_flags.run_id FROM want w WHERE w.started_at IS NOT NULL AND w.is_back
	), fresh AS (
		INSERT INTO engage.flag (rule_id, caller_id, started_at, met_at, ended_at, contacts, peak, criteria_met, run_id)
		SELECT w.rule_id, w.caller_id, w.started_at, w.met_at, w.ended_at, w.contacts, w.peak, w.criteria_met, write_flags.run_id
		FROM want w WHERE w.flag_id IS NULL ORDER BY w.place
		RETURNING 1
	)
	SELECT (SELECT count(*) FROM fresh) + (SELECT count(*) FROM kept k WHERE k.is_back), (SELECT count(*) FROM kept k WHERE NOT k.is_back),
		(SELECT count(*) FROM gone)
	INTO raised, changed, withdrawn;
END
$$;
COMMENT ON FUNCTION engage_internal.write_flags(engage_internal.flag_wanted[], bigint) IS
	'Raises, reinstates, changes and withdraws flags, new ones in the order of the array, and returns how many were raised (or reinstated), changed and withdrawn. Flags that already say what is wanted stay untouched. Part of refresh().';

CREATE FUNCTION engage_internal.flags_of_callers(caller_ids bigint[], run_id bigint) RETURNS SETOF engage_internal.flag_wanted
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH episode AS MATERIALIZED (
		SELECT * FROM engage_internal.caller_episodes(flags_of_callers.caller_ids)
	), flag AS MATERIALIZED (
		SELECT f.*, false AS is_withdrawn FROM engage.flag f JOIN engage.rule r ON r.rule_id = f.rule_id
		WHERE f.caller_id = ANY (flags_of_callers.caller_ids) AND f.withdrawn_at IS NULL AND r.kind = 'criteria'
		UNION ALL
		SELECT f.*, true FROM engage.flag f JOIN engage.rule r ON r.rule_id = f.rule_id
		WHERE f.caller_id = ANY (flags_of_callers.caller_ids) AND f.withdrawn_at IS NOT NULL AND r.kind = 'criteria'
	), overlap AS MATERIALIZED (
		SELECT f.flag_id, f.is_withdrawn, e.rule_id, e.caller_id, e.episode_no,
			LEAST(f.ended_at, e.ended_at) - GREATEST(f.started_at, e.started_at) AS shared
		FROM flag f JOIN episode e ON e.rule_id = f.rule_id AND e.caller_id = f.caller_id
		WHERE f.started_at <= e.ended_at AND e.started_at <= f.ended_at
	), follows AS MATERIALIZED (
		-- a flag follows the episode that it overlaps most
		SELECT DISTINCT ON (o.flag_id) o.* FROM overlap o WHERE NOT o.is_withdrawn ORDER BY o.flag_id, o.shared DESC, o.episode_no
	), kept AS MATERIALIZED (
		-- of the flags of one episode, the one that overlaps it most stays; of equals, the oldest
		SELECT DISTINCT ON (w.rule_id, w.caller_id, w.episode_no) w.* FROM follows w
		ORDER BY w.rule_id, w.caller_id, w.episode_no, w.shared DESC, w.flag_id
	), returns AS (
		-- an episode without one gets back the withdrawn flag that overlaps it most
		SELECT DISTINCT ON (o.flag_id) o.* FROM overlap o
		WHERE o.is_withdrawn AND NOT EXISTS (SELECT FROM kept k WHERE k.rule_id = o.rule_id AND k.caller_id = o.caller_id AND k.episode_no = o.episode_no)
		ORDER BY o.flag_id, o.shared DESC, o.episode_no
	), flagged AS MATERIALIZED (
		SELECT k.* FROM kept k
		UNION ALL
		(SELECT DISTINCT ON (b.rule_id, b.caller_id, b.episode_no) b.* FROM returns b
			ORDER BY b.rule_id, b.caller_id, b.episode_no, b.shared DESC, b.flag_id)
	)
	(SELECT x.flag_id, e.rule_id, e.caller_id, e.started_at, e.met_at, e.ended_at, e.contacts, e.peak, e.criteria_met, NULL::text
		FROM episode e LEFT JOIN flagged x ON x.rule_id = e.rule_id AND x.caller_id = e.caller_id AND x.episode_no = e.episode_no
		ORDER BY e.met_at, e.caller_id, e.rule_id)
	UNION ALL
	SELECT f.flag_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, COALESCE('its episode joined that of flag ' || k.flag_id,
		CASE WHEN c.contacts = 0 THEN 'the caller has no contacts left'
			ELSE concat_ws(': ', 'its contacts no longer meet the rule', engage_internal.why_parted(c.caller_id, flags_of_callers.run_id)) END)
	FROM flag f
	JOIN engage.caller c ON c.caller_id = f.caller_id
	LEFT JOIN follows w ON w.flag_id = f.flag_id
	LEFT JOIN kept k ON k.rule_id = w.rule_id AND k.caller_id = w.caller_id AND k.episode_no = w.episode_no
	WHERE NOT f.is_withdrawn AND f.flag_id IS DISTINCT FROM k.flag_id;
END;
COMMENT ON FUNCTION engage_internal.flags_of_callers(bigint[], bigint) IS
	'The flags that callers are to have for their episodes, new ones in the order in which the rules were met, and those to be withdrawn. Part of assess_callers().';

CREATE FUNCTION engage_internal.assess_callers(caller_ids bigint[], run_id bigint, OUT raised bigint, OUT changed bigint, OUT withdrawn bigint)
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT w.* FROM engage_internal.write_flags(ARRAY(SELECT f FROM engage_internal.flags_of_callers(assess_callers.caller_ids, assess_callers.run_id) f),
		assess_callers.run_id) w;
END;
COMMENT ON FUNCTION engage_internal.assess_callers(bigint[], bigint) IS
	'Updates the flags of callers to match their episodes, and returns how many flags were raised (or reinstated), changed and withdrawn. Part of refresh().';

CREATE FUNCTION engage_internal.top_of_period(rule_id integer, period_start timestamptz,
		OUT caller_id bigint, OUT started_at timestamptz, OUT ended_at timestamptz, OUT contacts bigint) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
	SELECT c.caller_id, c.started_at, c.ended_at, c.contacts
	FROM (
		SELECT p.caller_id, min(t.occurred_at) AS started_at, max(t.occurred_at) AS ended_at, count(*) AS contacts,
			rank() OVER (ORDER BY count(*) DESC) AS place, r.top_n
		FROM engage.policy o, engage.rule r, engage_internal.counted_contact t, engage.persona p
		WHERE r.rule_id = top_of_period.rule_id
			AND t.occurred_at >= GREATEST(top_of_period.period_start, r.valid_from)
			AND t.occurred_at < LEAST(engage.period_end(top_of_period.period_start, r.top_period, o.zone), r.valid_to)
			AND (r.channels IS NULL OR t.channel = ANY (r.channels))
			AND p.persona_key = t.persona_key AND p.caller_id IS NOT NULL
		GROUP BY p.caller_id, r.top_n
	) c
	WHERE c.place <= c.top_n AND c.contacts > 1;
END;
COMMENT ON FUNCTION engage_internal.top_of_period(integer, timestamptz) IS
	'The callers whom a rule of kind top flags for the local period that began at period_start, computed from contacts.';

CREATE FUNCTION engage_internal.periods_of(rule_id integer) RETURNS SETOF timestamptz
	LANGUAGE sql STABLE PARALLEL SAFE SET enable_seqscan = off
BEGIN ATOMIC
	-- from one period with contacts to the next
	WITH RECURSIVE wanted AS (
		SELECT r.rule_id, r.top_period, o.zone FROM engage.policy o, engage.rule r WHERE r.rule_id = periods_of.rule_id AND r.kind = 'top'
	), filled AS (
		SELECT w.top_period, w.zone, engage.period_start(c.occurred_at, w.top_period, w.zone) AS period_start
		FROM wanted w CROSS JOIN LATERAL (
			SELECT x.occurred_at FROM engage_internal.countable_contact x
			WHERE timezone('UTC', x.occurred_at) >= timezone('UTC', engage.first_counted()) AND timezone('UTC', x.occurred_at) <= timezone('UTC', now())
			ORDER BY timezone('UTC', x.occurred_at) LIMIT 1
		) c
		UNION ALL
		SELECT f.top_period, f.zone, engage.period_start(c.occurred_at, f.top_period, f.zone)
		FROM filled f CROSS JOIN LATERAL (
			SELECT x.occurred_at FROM engage_internal.countable_contact x
			WHERE timezone('UTC', x.occurred_at) >= timezone('UTC', engage.period_end(f.period_start, f.top_period, f.zone))
				AND timezone('UTC', x.occurred_at) <= timezone('UTC', now())
			ORDER BY timezone('UTC', x.occurred_at) LIMIT 1
		) c
	)
	SELECT f.period_start FROM filled f
	UNION
	SELECT engage.period_start(f.started_at, w.top_period, w.zone)
	FROM wanted w JOIN engage.flag f ON f.rule_id = w.rule_id
	WHERE f.withdrawn_at IS NULL;
END;
COMMENT ON FUNCTION engage_internal.periods_of(integer) IS
	'The starts of those local periods of a rule of kind top that have counted contacts, or flags of the rule.';

CREATE FUNCTION engage_internal.flags_of_period(rule_id integer, period_start timestamptz, run_id bigint) RETURNS SETOF engage_internal.flag_wanted
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH top AS MATERIALIZED (
		SELECT * FROM engage_internal.top_of_period(flags_of_period.rule_id, flags_of_period.period_start)
	), period AS MATERIALIZED (
		SELECT engage.period_end(flags_of_period.period_start, r.top_period, o.zone) AS ends_at
		FROM engage.policy o, engage.rule r WHERE r.rule_id = flags_of_period.rule_id
	), flag AS MATERIALIZED (
		SELECT f.flag_id, f.caller_id, false AS is_withdrawn FROM period p, engage.flag f
		WHERE f.rule_id = flags_of_period.rule_id AND f.withdrawn_at IS NULL
			AND f.started_at >= flags_of_period.period_start AND f.started_at < p.ends_at
		UNION ALL
		SELECT f.flag_id, f.caller_id, true FROM period p, top t, LATERAL (
			SELECT x.* FROM engage.flag x
			WHERE x.caller_id = t.caller_id AND x.rule_id = flags_of_period.rule_id AND x.withdrawn_at IS NOT NULL
				AND x.started_at >= flags_of_period.period_start AND x.started_at < p.ends_at
			OFFSET 0) f
	), kept AS MATERIALIZED (
		-- a new zone may put two flags of a caller into one period; a caller who comes back gets the flag back
		SELECT DISTINCT ON (f.caller_id) f.caller_id, f.flag_id FROM flag f ORDER BY f.caller_id, f.is_withdrawn, f.flag_id
	)
	(SELECT k.flag_id, flags_of_period.rule_id, t.caller_id, t.started_at, t.ended_at, t.ended_at, t.contacts, t.contacts, '{}'::engage.criterion[], NULL::text
		FROM top t LEFT JOIN kept k ON k.caller_id = t.caller_id
		ORDER BY t.contacts DESC, t.caller_id)
	UNION ALL
	SELECT f.flag_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, CASE WHEN t.caller_id IS NULL
			THEN concat_ws(': ', 'no longer among the top callers of the period', engage_internal.why_parted(f.caller_id, flags_of_period.run_id))
		ELSE 'its episode joined that of flag ' || k.flag_id END
	FROM flag f
	JOIN kept k ON k.caller_id = f.caller_id
	LEFT JOIN top t ON t.caller_id = f.caller_id
	WHERE NOT f.is_withdrawn AND (t.caller_id IS NULL OR f.flag_id <> k.flag_id);
END;
COMMENT ON FUNCTION engage_internal.flags_of_period(integer, timestamptz, bigint) IS
	'The flags that a rule of kind top is to have for one local period, new ones by the number of contacts, and those to be withdrawn. Part of assess_period().';

CREATE FUNCTION engage_internal.assess_period(rule_id integer, period_start timestamptz, run_id bigint,
		OUT raised bigint, OUT changed bigint, OUT withdrawn bigint)
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	WITH again AS (
		-- contacts that wait were counted, and may be deleted before their personas are processed
		INSERT INTO engage_internal.dirty (subject, rule_id, period_start, cause)
		SELECT 'period', assess_period.rule_id, assess_period.period_start, 'contacts'
		WHERE EXISTS (SELECT FROM engage_internal.dirty q WHERE q.subject IN ('persona', 'everything'))
	)
	SELECT w.* FROM engage_internal.write_flags(ARRAY(SELECT f FROM engage_internal.flags_of_period(assess_period.rule_id, assess_period.period_start,
		assess_period.run_id) f), assess_period.run_id) w;
END;
COMMENT ON FUNCTION engage_internal.assess_period(integer, timestamptz, bigint) IS
	'Updates the flags of a rule of kind top for one local period. Part of refresh().';
