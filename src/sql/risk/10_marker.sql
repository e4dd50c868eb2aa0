/*
 * Markers: what people know about a caller, such as that somebody is a repeat
 * victim.  Only people set and end them.
 */

CREATE TABLE engage.preset_marker_kind (
	marker text PRIMARY KEY,
	label text NOT NULL,
	nature text,
	is_sensitive boolean NOT NULL
);
COMMENT ON TABLE engage.preset_marker_kind IS 'Shipped kinds of marker, from which setup() fills marker_kind.';
INSERT INTO engage.preset_marker_kind VALUES
	('repeat_victim', 'Repeat victim', 'repeat_victim', false),
	('professional', 'Calls as part of their work', 'professional', false),
	('service_failure', 'Chases what we owe them', 'service_failure', false),
	('vulnerable', 'Vulnerable', 'vulnerable', false),
	('domestic_abuse', 'Domestic abuse', 'repeat_victim', false),
	('child', 'Under 18', 'vulnerable', false),
	('hoax', 'Hoax calls', 'hoax', false),
	('abusive', 'Abusive towards staff', 'abusive', false),
	('weapons', 'Weapons', NULL, false),
	('violence', 'Violence', NULL, false),
	('mental_health', 'Mental health', 'vulnerable', true),
	('self_harm', 'Suicide or self-harm', 'vulnerable', true),
	('disability', 'Disability or illness', 'vulnerable', true);

CREATE TABLE engage.marker_kind (
	marker text PRIMARY KEY CHECK (marker ~ '^[a-z][a-z0-9_]{0,40}$'),
	label text NOT NULL CHECK (btrim(label) <> ''),
	nature text,
	is_sensitive boolean NOT NULL
);
COMMENT ON TABLE engage.marker_kind IS 'The force''s kinds of marker.';
COMMENT ON COLUMN engage.marker_kind.nature IS
	'The nature that the marker gives a caller, such as repeat_victim; NULL for none. Repeat victims, professionals and people whom we failed are never nuisance candidates.';
COMMENT ON COLUMN engage.marker_kind.is_sensitive IS
	'Whether it is sensitive data, such as health (DPA 2018 s.35(8)): shown to engage_identity only, and used in no score unless a risk factor gives a condition; everyone who sees scores then sees its points.';
CREATE UNIQUE INDEX marker_kind_label ON engage.marker_kind (lower(btrim(label)));
SELECT pg_extension_config_dump('engage.marker_kind', '');

CREATE FUNCTION engage_internal.marker_kind_tells() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE WARNING 'people who may not see marker "%" can work out who has it', NEW.marker
		USING HINT = 'Such a marker keeps its callers out of engage.nuisance_candidate, whose other conditions analysts see. Leave the nature out if it must stay secret; they are then not protected there.';
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION engage_internal.marker_kind_tells() IS
	'Trigger: warns anyone who makes a sensitive kind of marker with a protecting nature, since its effect can be seen.';
CREATE TRIGGER marker_kind_tells AFTER INSERT OR UPDATE ON engage.marker_kind
	FOR EACH ROW WHEN (NEW.is_sensitive AND NEW.nature = ANY (ARRAY['repeat_victim', 'professional', 'service_failure']))
	EXECUTE FUNCTION engage_internal.marker_kind_tells();

CREATE TYPE engage.marker_basis AS ENUM ('fact', 'assessment');
COMMENT ON TYPE engage.marker_basis IS 'Whether a marker states a fact or somebody''s assessment (DPA 2018 s.38(2)).';

CREATE TABLE engage.marker (
	marker_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	caller_id bigint NOT NULL,
	marker text NOT NULL,
	basis engage.marker_basis NOT NULL,
	source text NOT NULL CHECK (btrim(source) <> ''),
	valid_from timestamptz NOT NULL DEFAULT now(),
	valid_to timestamptz NOT NULL DEFAULT 'infinity',
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT SESSION_USER,
	ended_at timestamptz,
	ended_by text,
	ended_reason text,
	CONSTRAINT marker_validity CHECK (valid_from < valid_to),
	CONSTRAINT marker_end CHECK ((ended_at IS NULL) = (ended_by IS NULL)
		AND (ended_at IS NULL) = (ended_reason IS NULL))
);
COMMENT ON TABLE engage.marker IS
	'What people know about a caller. Made by mark_caller(), ended by end_marker(), deleted by neither.';
COMMENT ON COLUMN engage.marker.caller_id IS 'The caller as known at that time; current_caller() gives who that is now.';
COMMENT ON COLUMN engage.marker.source IS 'Where the information comes from, such as a reference in another system.';
COMMENT ON COLUMN engage.marker.valid_to IS 'When it stops applying; at the latest at ended_at.';
CREATE INDEX marker_caller ON engage.marker (caller_id);
SELECT pg_extension_config_dump('engage.marker', '');
SELECT pg_extension_config_dump(pg_get_serial_sequence('engage.marker', 'marker_id')::regclass, '');

-- definer: people who set markers write them only here, and have no rights on the queue
CREATE FUNCTION engage.mark_caller(caller_id bigint, marker text, source text, basis engage.marker_basis DEFAULT 'assessment',
		valid_from timestamptz DEFAULT now(), valid_to timestamptz DEFAULT 'infinity') RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	made bigint;
BEGIN
	IF NOT EXISTS (SELECT FROM engage.caller c WHERE c.caller_id = mark_caller.caller_id) THEN
		RAISE EXCEPTION 'there is no caller %', COALESCE(caller_id::text, 'NULL')
			USING ERRCODE = 'no_data_found', HINT = 'SELECT caller_id FROM engage.lookup(number) shows who has a number.';
	END IF;
	IF NOT EXISTS (SELECT FROM engage.marker_kind k WHERE k.marker = mark_caller.marker) THEN
		RAISE EXCEPTION 'there is no marker "%"', COALESCE(marker, 'NULL')
			USING ERRCODE = 'undefined_object', HINT = 'SELECT marker, label FROM engage.marker_kind lists them; an administrator adds others there.';
	END IF;
	IF btrim(COALESCE(source, '')) = '' THEN
		RAISE EXCEPTION 'the marker has no source'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Say where it comes from, such as a reference in another system.';
	END IF;
	IF (valid_from < valid_to) IS NOT TRUE OR basis IS NULL THEN
		RAISE EXCEPTION 'the marker has no basis, or does not end after it starts'
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'SELECT engage.mark_caller(1, ''vulnerable'', ''case 12'', basis => ''fact'', valid_to => now() + interval ''1 year'');';
	END IF;
	INSERT INTO engage.marker (caller_id, marker, source, basis, valid_from, valid_to)
	VALUES (engage.current_caller(mark_caller.caller_id), mark_caller.marker, mark_caller.source, mark_caller.basis,
		mark_caller.valid_from, mark_caller.valid_to)
	RETURNING marker_id INTO made;
	PERFORM engage_internal.queue_risks(ARRAY[engage.current_caller(mark_caller.caller_id)]);
	RETURN made;
END
$$;
COMMENT ON FUNCTION engage.mark_caller(bigint, text, text, engage.marker_basis, timestamptz, timestamptz) IS
	'Sets a marker (marker_kind) on a caller: where it comes from, whether it is a fact or an assessment, from when to when. Returns its marker_id. Errors: P0002 if there is no such caller, 42704 if there is no such marker, 22023 for an empty source, no basis, or an end before the start.';

-- definer: people who end markers change them only here, and have no rights on the queue
CREATE FUNCTION engage.end_marker(marker_id bigint, reason text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	ended bigint;
BEGIN
	IF btrim(COALESCE(reason, '')) = '' THEN
		RAISE EXCEPTION 'there is no reason for ending the marker'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'SELECT engage.end_marker(1, ''entered for the wrong caller'');';
	END IF;
	UPDATE engage.marker m SET ended_at = now(), ended_by = SESSION_USER, ended_reason = reason
	WHERE m.marker_id = end_marker.marker_id AND m.ended_at IS NULL
	RETURNING m.caller_id INTO ended;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no open marker %', COALESCE(marker_id::text, 'NULL')
			USING ERRCODE = 'no_data_found', HINT = 'SELECT marker_id, marker FROM engage.caller_marker lists those in force.';
	END IF;
	PERFORM engage_internal.queue_risks(ARRAY[engage.current_caller(ended)]);
END
$$;
COMMENT ON FUNCTION engage.end_marker(bigint, text) IS
	'Ends a marker, from now on, with a reason. Errors: P0002 if there is no such marker or it has ended, 22023 without a reason.';

CREATE FUNCTION engage_internal.markers_at(as_of timestamptz, OUT marker_id bigint, OUT caller_id bigint, OUT marker text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT m.marker_id, engage.current_caller(m.caller_id), m.marker
	FROM engage.marker m
	WHERE m.valid_from <= as_of AND LEAST(m.valid_to, COALESCE(m.ended_at, 'infinity')) > as_of;
END;
COMMENT ON FUNCTION engage_internal.markers_at(timestamptz) IS 'The markers in force at a time, with who the caller is now.';

CREATE FUNCTION engage_internal.markers_of(caller_ids bigint[], as_of timestamptz, OUT marker_id bigint, OUT caller_id bigint, OUT marker text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH RECURSIVE once (caller_id) AS (
		SELECT unnest(caller_ids)
		UNION
		SELECT e.from_caller FROM once o JOIN engage.merge_event e ON e.to_caller = o.caller_id WHERE e.kind = 'merge'
	)
	SELECT m.marker_id, n.caller_id, m.marker
	FROM once o
	JOIN engage.marker m ON m.caller_id = o.caller_id
	CROSS JOIN LATERAL (SELECT engage.current_caller(m.caller_id) AS caller_id) n
	WHERE m.valid_from <= as_of AND LEAST(m.valid_to, COALESCE(m.ended_at, 'infinity')) > as_of AND n.caller_id = ANY (caller_ids);
END;
COMMENT ON FUNCTION engage_internal.markers_of(bigint[], timestamptz) IS 'Does what markers_at() does, for some callers, without reading the markers of all.';

CREATE VIEW engage.marker_now WITH (security_barrier) AS
SELECT m.marker_id, engage.current_caller(m.caller_id) AS caller_id, m.marker, k.label, k.nature, k.is_sensitive, m.basis,
	m.valid_from, m.valid_to, m.source, m.recorded_at, m.recorded_by
FROM engage.marker m
JOIN engage.marker_kind k ON k.marker = m.marker
WHERE m.valid_from <= now() AND m.valid_to > now() AND m.ended_at IS NULL;
COMMENT ON VIEW engage.marker_now IS 'The markers in force now, including sensitive ones, with who the caller is now.';

CREATE VIEW engage.caller_marker WITH (security_barrier) AS
SELECT m.marker_id, m.caller_id, m.marker, m.label, m.nature, m.basis, m.valid_from, m.valid_to, m.source, m.recorded_at, m.recorded_by
FROM engage.marker_now m WHERE NOT m.is_sensitive;
COMMENT ON VIEW engage.caller_marker IS 'The markers in force now, without sensitive ones, with who the caller is now.';
