/*
 * Personas, their timelines, and the callers to whom they belong.
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
	identity_details jsonb,
	number text,
	component uuid,
	caller_id bigint
);
COMMENT ON TABLE engage.persona IS
	'One distinct set of identifying details that counted contacts presented. Made by refresh.';
COMMENT ON COLUMN engage.persona.identity_details IS 'Identifying details beyond the columns: contact.identity_details.';
COMMENT ON COLUMN engage.persona.number IS 'The number in E.164; NULL if there is none or it is not usable.';
COMMENT ON COLUMN engage.persona.component IS
	'The lowest key among the personas that could be the same person, directly or through others; NULL until linked. A caller never extends beyond a component.';
COMMENT ON COLUMN engage.persona.caller_id IS 'The caller that the persona belongs to; NULL if unknown.';
-- finds the callers of a number one after another, skipping the personas between them
CREATE INDEX persona_number ON engage.persona (number, caller_id) WHERE number IS NOT NULL;
CREATE INDEX persona_caller ON engage.persona (caller_id) WHERE caller_id IS NOT NULL;
CREATE INDEX persona_component ON engage.persona (component);
SELECT pg_extension_config_dump('engage.persona', '');

CREATE TABLE engage.persona_timeline (
	persona_key uuid,
	channel engage.contact_channel,
	timeline engage.timeline NOT NULL,
	PRIMARY KEY (persona_key, channel)
);
COMMENT ON TABLE engage.persona_timeline IS 'When each persona made its counted contacts, by channel. Made by refresh.';
SELECT pg_extension_config_dump('engage.persona_timeline', '');

CREATE TABLE engage.caller (
	caller_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	timeline engage.timeline,
	contacts bigint NOT NULL DEFAULT 0,
	first_at timestamptz,
	last_at timestamptz
);
COMMENT ON TABLE engage.caller IS
	'A person to whom one or more personas belong. The id is stable: a caller whose contacts are all gone keeps its row. Made by refresh.';
COMMENT ON COLUMN engage.caller.timeline IS 'All counted contacts, over all personas and channels; NULL if there are none.';
CREATE INDEX caller_last_at ON engage.caller (last_at);
SELECT pg_extension_config_dump('engage.caller', '');
SELECT pg_extension_config_dump(pg_get_serial_sequence('engage.caller', 'caller_id')::regclass, '');

CREATE FUNCTION engage_internal.sum_up_callers(caller_ids bigint[]) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
BEGIN ATOMIC
	UPDATE engage.caller c
	SET timeline = s.timeline, contacts = s.contacts, first_at = s.first_at, last_at = s.last_at
	FROM (
		SELECT u.caller_id, r.timeline, COALESCE(engage.num_contacts(r.timeline), 0) AS contacts,
			engage.first_at(r.timeline) AS first_at, engage.last_at(r.timeline) AS last_at
		FROM unnest(caller_ids) u (caller_id), LATERAL (
			-- in steps: a join would be misled by the statistics of tables that are being filled for the first time
			SELECT engage.rollup(t.timeline) AS timeline
			FROM (SELECT x.persona_key FROM engage.persona x WHERE x.caller_id = u.caller_id OFFSET 0) p,
				LATERAL (SELECT y.timeline FROM engage.persona_timeline y WHERE y.persona_key = p.persona_key OFFSET 0) t
		) r
	) s
	WHERE c.caller_id = s.caller_id
		AND (COALESCE(c.timeline OPERATOR(engage.<>) s.timeline, (c.timeline IS NULL) <> (s.timeline IS NULL))
			OR (c.contacts, c.first_at, c.last_at) IS DISTINCT FROM (s.contacts, s.first_at, s.last_at));
END;
COMMENT ON FUNCTION engage_internal.sum_up_callers(bigint[]) IS
	'Updates the timelines of callers from those of their personas. Part of refresh().';

CREATE FUNCTION engage_internal.sum_up_all_callers() RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	UPDATE engage.caller c
	SET timeline = s.timeline, contacts = s.contacts, first_at = s.first_at, last_at = s.last_at
	FROM (
		SELECT a.caller_id, r.timeline, COALESCE(engage.num_contacts(r.timeline), 0) AS contacts,
			engage.first_at(r.timeline) AS first_at, engage.last_at(r.timeline) AS last_at
		FROM engage.caller a
		LEFT JOIN (
			SELECT p.caller_id, engage.rollup(t.timeline) AS timeline
			FROM engage.persona p JOIN engage.persona_timeline t ON t.persona_key = p.persona_key
			WHERE p.caller_id IS NOT NULL
			GROUP BY p.caller_id
		) r ON r.caller_id = a.caller_id
	) s
	WHERE c.caller_id = s.caller_id
		AND (COALESCE(c.timeline OPERATOR(engage.<>) s.timeline, (c.timeline IS NULL) <> (s.timeline IS NULL))
			OR (c.contacts, c.first_at, c.last_at) IS DISTINCT FROM (s.contacts, s.first_at, s.last_at));
END;
COMMENT ON FUNCTION engage_internal.sum_up_all_callers() IS
	'Does what sum_up_callers() does, for all callers in one pass. Part of refresh().';
