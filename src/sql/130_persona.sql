/*
 * Personas, their timelines, and the callers that they resolve to.
 *
 * A contact knows its persona, a persona knows its caller and keeps its
 * timeline, so joining or splitting callers touches no contact.
 */

CREATE TABLE engage.persona (
	persona_key uuid PRIMARY KEY,
	number_raw text,
	given_name text,
	family_name text,
	date_of_birth date,
	address text,
	postcode text,
	email text,
	imei text,
	nominal_ref text,
	number text,
	caller_id bigint
);
COMMENT ON TABLE engage.persona IS
	'One distinct set of identifying details that counted contacts presented. Made by refresh.';
COMMENT ON COLUMN engage.persona.number IS 'The number in E.164, NULL if it is none or not usable.';
COMMENT ON COLUMN engage.persona.caller_id IS 'The caller it resolves to; NULL if it cannot be told.';
CREATE INDEX persona_number ON engage.persona (number) WHERE number IS NOT NULL;
CREATE INDEX persona_caller ON engage.persona (caller_id) WHERE caller_id IS NOT NULL;
SELECT pg_catalog.pg_extension_config_dump('engage.persona', '');

CREATE TABLE engage.persona_timeline (
	persona_key uuid,
	channel engage.contact_channel,
	timeline engage.timeline NOT NULL,
	PRIMARY KEY (persona_key, channel)
);
COMMENT ON TABLE engage.persona_timeline IS 'When each persona made its counted contacts, by channel. Made by refresh.';
SELECT pg_catalog.pg_extension_config_dump('engage.persona_timeline', '');

CREATE TABLE engage.caller (
	caller_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	identity_key text NOT NULL UNIQUE,
	timeline engage.timeline,
	contacts bigint NOT NULL DEFAULT 0,
	first_at timestamptz,
	last_at timestamptz
);
COMMENT ON TABLE engage.caller IS
	'A person that one or more personas resolve to. The id is stable: a caller whose contacts all went keeps its row. Made by refresh.';
COMMENT ON COLUMN engage.caller.identity_key IS 'What its personas have in common: the number in E.164.';
COMMENT ON COLUMN engage.caller.timeline IS 'All counted contacts, of all personas and channels; NULL if there are none.';
SELECT pg_catalog.pg_extension_config_dump('engage.caller', '');
SELECT pg_catalog.pg_extension_config_dump(pg_catalog.pg_get_serial_sequence('engage.caller', 'caller_id')::regclass, '');

CREATE VIEW engage.persona_identity AS
SELECT p.persona_key, p.caller_id, CASE WHEN k.number IS NULL THEN p.number END AS identity_key
FROM engage.persona p
LEFT JOIN engage.known_number k ON k.number OPERATOR(pg_catalog.=) p.number
	AND k.sharing OPERATOR(pg_catalog.=) ANY (ARRAY['communal', 'payphone', 'organisation']::engage.number_sharing[]);
COMMENT ON VIEW engage.persona_identity IS
	'What tells the caller behind each persona: its number, unless that is a known payphone, communal or organisation number. The one place that decides which personas are one caller.';

CREATE FUNCTION engage.resolve_personas(persona_keys uuid[]) RETURNS bigint[]
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
	SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
AS $$
DECLARE
	touched bigint[];
BEGIN
	INSERT INTO engage.caller (identity_key)
	SELECT DISTINCT i.identity_key
	FROM engage.persona_identity i
	WHERE i.persona_key = ANY (persona_keys) AND i.identity_key IS NOT NULL
		AND NOT EXISTS (SELECT FROM engage.caller c WHERE c.identity_key = i.identity_key)
	ORDER BY 1;

	WITH resolved AS MATERIALIZED (
		SELECT i.persona_key, i.caller_id AS old_id, c.caller_id AS new_id
		FROM engage.persona_identity i
		LEFT JOIN engage.caller c ON c.identity_key = i.identity_key
		WHERE i.persona_key = ANY (persona_keys)
	), moved AS (
		UPDATE engage.persona p SET caller_id = r.new_id
		FROM resolved r
		WHERE p.persona_key = r.persona_key AND r.old_id IS DISTINCT FROM r.new_id
		RETURNING p.persona_key
	), periods AS (
		INSERT INTO engage.dirty (subject, rule_id, period_start, cause)
		SELECT DISTINCT 'period', r.rule_id, engage.period_start(at, r.top_period, o.zone), 'identity'
		FROM engage.policy o, engage.rule r, moved m, engage.persona_timeline t, engage.contact_times(t.timeline) at
		WHERE r.kind = 'top' AND t.persona_key = m.persona_key
	)
	SELECT array_agg(DISTINCT u.caller_id) INTO touched
	FROM (SELECT old_id FROM resolved UNION SELECT new_id FROM resolved) u (caller_id)
	WHERE u.caller_id IS NOT NULL;
	RETURN COALESCE(touched, '{}');
END
$$;
COMMENT ON FUNCTION engage.resolve_personas(uuid[]) IS
	'Assigns personas to callers, making callers that are new; returns every caller that these personas belong or belonged to. A stage of refresh.';

CREATE FUNCTION engage.sum_up_callers(caller_ids bigint[]) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
BEGIN ATOMIC
	UPDATE engage.caller c
	SET timeline = s.timeline, contacts = s.contacts, first_at = s.first_at, last_at = s.last_at
	FROM (
		SELECT u.caller_id, r.timeline, COALESCE(engage.num_contacts(r.timeline), 0) AS contacts,
			engage.first_at(r.timeline) AS first_at, engage.last_at(r.timeline) AS last_at
		FROM unnest(caller_ids) u (caller_id), LATERAL (
			-- step by step: statistics of tables that are being filled for the first time mislead a join
			SELECT engage.rollup(t.timeline) AS timeline
			FROM (SELECT x.persona_key FROM engage.persona x WHERE x.caller_id = u.caller_id OFFSET 0) p,
				LATERAL (SELECT y.timeline FROM engage.persona_timeline y WHERE y.persona_key = p.persona_key OFFSET 0) t
		) r
	) s
	WHERE c.caller_id = s.caller_id
		AND (COALESCE(c.timeline OPERATOR(engage.<>) s.timeline, (c.timeline IS NULL) <> (s.timeline IS NULL))
			OR (c.contacts, c.first_at, c.last_at) IS DISTINCT FROM (s.contacts, s.first_at, s.last_at));
END;
COMMENT ON FUNCTION engage.sum_up_callers(bigint[]) IS
	'Gives callers the rollup of their personas'' timelines. A stage of refresh.';
