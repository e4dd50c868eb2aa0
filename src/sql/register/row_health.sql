/*
 * Rows that need attention: set aside, out of bounds, in the future, or spelt
 * in two ways.
 */

CREATE VIEW engage.set_aside_contact WITH (security_barrier) AS
SELECT a.stage, c.contact_id, c.source, c.source_ref, engage_internal.contact_fault(c.occurred_at, c.recorded_at, c.answered_at, c.ended_at, c.date_of_birth,
		c.handling_seconds, c.latitude, c.longitude, c.location_radius_m, c.source, c.source_ref, c.number_raw, c.given_name, c.family_name,
		c.address, c.postcode, c.email, c.imei, c.nominal_ref) AS out_of_bounds,
	a.caller_id, a.rule_id, a.period_start, a.error_code, a.error_message, a.tries, a.first_at, a.last_at, a.retry_at
FROM engage.set_aside a
LEFT JOIN LATERAL (
	SELECT x.* FROM engage.contact x WHERE x.persona_key = a.persona_key
	UNION ALL
	SELECT x.* FROM engage.persona p JOIN engage.contact x ON x.persona_key = p.persona_key WHERE p.caller_id = a.caller_id
	UNION ALL
	SELECT x.* FROM engage.policy o, engage.contact x
	WHERE a.stage = 'day' AND timezone('UTC', x.occurred_at) >= timezone('UTC', a.period_start)
		AND timezone('UTC', x.occurred_at) < timezone('UTC', timezone(o.zone, timezone(o.zone, a.period_start) + interval '1 day'))
) c ON true;
COMMENT ON VIEW engage.set_aside_contact IS
	'What refresh set aside, with the contacts behind it, one row each: those of the persona, the caller or the local day. One of them, or a setting, is at fault. Correct or delete it; the next refresh then tries again.';
COMMENT ON COLUMN engage.set_aside_contact.out_of_bounds IS 'The first column of the contact whose value is out of bounds; NULL if all are within.';

-- definer: people who monitor see states, counts and contact_ids, not the tables behind them
CREATE FUNCTION engage_internal.row_health(OUT item text, OUT status text, OUT value text, OUT advice text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT 'set aside', CASE WHEN count(*) > 0 THEN 'warning' ELSE 'ok' END,
		count(*) || ' could not be computed' || COALESCE(': ' || string_agg(d.what, '; ' ORDER BY d.place) FILTER (WHERE d.place <= 5), ''),
		CASE WHEN count(*) > 0 THEN 'SELECT * FROM engage.set_aside_contact; as engage_loader. Correct or delete what is wrong there: it is tried again at once, the rest at retry_at.' END
	FROM (
		SELECT row_number() OVER (ORDER BY a.first_at, a.stage, a.caller_id, a.period_start, a.persona_key) AS place,
			format('%s%s (%s)', a.stage, CASE
				WHEN a.persona_key IS NOT NULL THEN ' of contact_id ' || COALESCE((
					SELECT string_agg(c.contact_id::text, ', ' ORDER BY c.contact_id)
					FROM (SELECT x.contact_id FROM engage.contact x WHERE x.persona_key = a.persona_key ORDER BY x.contact_id LIMIT 3) c), 'none')
				WHEN a.caller_id IS NOT NULL THEN ' of caller_id ' || a.caller_id
				WHEN a.stage = 'day' THEN ' ' || engage.local_date(a.period_start, o.zone)
				WHEN a.stage = 'top' THEN format(' of rule_id %s from %s', a.rule_id, engage.local_date(a.period_start, o.zone)) END, a.error_code) AS what
		FROM engage.set_aside a, engage.policy o
	) d
	UNION ALL
	-- all contacts are read only if the constraint does not hold
	SELECT 'bounds', CASE WHEN k.holds THEN 'ok' ELSE 'warning' END,
		CASE WHEN k.holds THEN 'all contacts are within their bounds'
			ELSE x.contacts || ' out of bounds' || COALESCE(': ' || x.first_few, '') END,
		CASE WHEN NOT k.holds THEN 'Correct or delete them, then have bounds checked again: see "Contacts that are out of bounds" in docs/operations.md.' END
	FROM (SELECT EXISTS (SELECT FROM pg_constraint n
		WHERE n.conrelid = 'engage.contact'::regclass AND n.conname = 'contact_within_bounds' AND n.convalidated) AS holds) k
	LEFT JOIN LATERAL (
		SELECT count(*) AS contacts, string_agg(format('contact_id %s (%s)', f.contact_id, f.fault), ', ' ORDER BY f.contact_id) FILTER (WHERE f.place <= 5) AS first_few
		FROM (
			SELECT c.contact_id, b.fault, row_number() OVER (ORDER BY c.contact_id) AS place
			FROM engage.contact c, LATERAL (SELECT engage_internal.contact_fault(c.occurred_at, c.recorded_at, c.answered_at, c.ended_at, c.date_of_birth,
				c.handling_seconds, c.latitude, c.longitude, c.location_radius_m, c.source, c.source_ref, c.number_raw, c.given_name, c.family_name,
				c.address, c.postcode, c.email, c.imei, c.nominal_ref) AS fault) b
			WHERE NOT k.holds AND b.fault IS NOT NULL
		) f
	) x ON true
	UNION ALL
	SELECT 'contacts to come', CASE WHEN count(*) FILTER (WHERE c.occurred_at > now() + interval '5 minutes') > 0 THEN 'warning' ELSE 'ok' END,
		count(*) || ' in the future' || COALESCE(': contact_id ' || array_to_string((array_agg(c.contact_id ORDER BY c.contact_id))[:5], ', '), ''),
		CASE WHEN count(*) FILTER (WHERE c.occurred_at > now() + interval '5 minutes') > 0
			THEN 'They count when their time comes. If occurred_at is wrong, correct it at the source: a clock, a time zone, a year.' END
	FROM engage.contact c
	WHERE timezone('UTC', c.occurred_at) > timezone('UTC', now())
	UNION ALL
	SELECT 'spelling', CASE WHEN count(*) > 0 THEN 'warning' ELSE 'ok' END,
		count(*) || ' differ from another by case or blanks alone' || COALESCE(': ' || string_agg(d.what, '; ' ORDER BY d.what), ''),
		CASE WHEN count(*) > 0 THEN 'Dashboards take such ones for one. Have the source use one spelling, or change the label.' END
	FROM (
		SELECT 'source ' || string_agg(quote_literal(f.source), ', ' ORDER BY f.feed_key) AS what FROM engage.feed f
		WHERE EXISTS (SELECT FROM engage.feed_count n WHERE n.feed_key = f.feed_key)
		GROUP BY lower(btrim(f.source)) HAVING count(*) > 1
		UNION ALL
		SELECT 'incident_code.label ' || string_agg(DISTINCT quote_literal(i.label), ', ') FROM engage.incident_code i
		GROUP BY lower(btrim(i.label)) HAVING count(DISTINCT i.label) > 1
	) d
	UNION ALL
	SELECT 'child tables', 'failed', string_agg(h.inhrelid::regclass::text, ', '),
		'What is written to a child of engage.contact is not queued: ALTER TABLE ... NO INHERIT engage.contact, then CALL engage.rebuild().'
	FROM pg_inherits h WHERE h.inhparent = 'engage.contact'::regclass
	HAVING count(*) > 0;
END;
COMMENT ON FUNCTION engage_internal.row_health() IS
	'The items of health() about rows: set aside, bounds, future contacts, spelling, and child tables if contact has any. Shows ids and no personal data.';
