/*
 * Contacts, and the queue of what they change.
 *
 * Whatever changes a contact puts the personas it touches into the queue in the
 * same transaction; refresh takes them from there.  There is no other record of
 * what is new, so nothing can fall behind a watermark.
 */

CREATE FUNCTION engage.persona_key(number_raw text, given_name text, family_name text, date_of_birth date,
		address text, postcode text, email text, imei text, nominal_ref text, identity_details jsonb DEFAULT NULL) RETURNS uuid
	AS 'MODULE_PATHNAME', 'engage_persona_key' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage.persona_key(text, text, text, date, text, text, text, text, text, jsonb) IS
	'The key of the persona with exactly these identifying details, without certain fillers (is_certain_filler); NULL if nothing is left. Made from the details only: the place of the number, then a hash (SHA-256) of everything.';

CREATE FUNCTION engage_internal.persona_keys_of_number(number text, region text DEFAULT 'GB', OUT low uuid, OUT high uuid, OUT is_exact boolean)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'engage_persona_keys_of_number' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 1;
COMMENT ON FUNCTION engage_internal.persona_keys_of_number(text, text) IS
	'The range of keys of the personas with this number, in any spelling; several ranges for a few very short numbers, no row if it is not a telephone number. is_exact: no persona with another number lies in the range, as for +44 numbers in its regions. region: as for engage.phone.';

CREATE FUNCTION engage_internal.presented_number(number_raw text, cli_status engage.cli_status) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN cli_status = ANY (ARRAY['withheld', 'unavailable', 'payphone',
	'emergency_roaming', 'inserted_08979', 'malformed']::engage.cli_status[]) THEN NULL ELSE number_raw END;
COMMENT ON FUNCTION engage_internal.presented_number(text, engage.cli_status) IS
	'The number of a contact if it identifies somebody: NULL unless the number was presented, or nothing is known about that.';

-- definer: writers of contacts have no rights on identity_detail
CREATE FUNCTION engage_internal.pick_identity_details(details jsonb) RETURNS jsonb
	LANGUAGE sql STABLE STRICT PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT jsonb_object_agg(d.key, details -> d.key)
	FROM engage.identity_detail d
	WHERE COALESCE(details ->> d.key, '') <> ''
		AND octet_length(details ->> d.key) <= 8000
		AND NOT engage.is_certain_filler(d.kind::text, details ->> d.key);
END;
COMMENT ON FUNCTION engage_internal.pick_identity_details(jsonb) IS
	'The details of a contact that help to identify people (identity_detail); NULL if there are none. Leaves out fillers, and values longer than 8,000 bytes.';

CREATE FUNCTION engage_internal.valid_contact(occurred_at timestamptz, recorded_at timestamptz, answered_at timestamptz, ended_at timestamptz,
		date_of_birth date, handling_seconds integer, latitude double precision, longitude double precision, location_radius_m double precision,
		source text, source_ref text, number_raw text, given_name text, family_name text, address text, postcode text, email text,
		imei text, nominal_ref text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'engage_valid_contact' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.valid_contact(timestamptz, timestamptz, timestamptz, timestamptz, date, integer, double precision, double precision, double precision, text, text, text, text, text, text, text, text, text, text) IS
	'True if a contact''s values are within bounds; otherwise an error (23514) that names the column, with the bounds as its hint. NULL is always within bounds. For contact''s constraint.';

CREATE FUNCTION engage_internal.contact_fault(occurred_at timestamptz, recorded_at timestamptz, answered_at timestamptz, ended_at timestamptz,
		date_of_birth date, handling_seconds integer, latitude double precision, longitude double precision, location_radius_m double precision,
		source text, source_ref text, number_raw text, given_name text, family_name text, address text, postcode text, email text,
		imei text, nominal_ref text) RETURNS text
	AS 'MODULE_PATHNAME', 'engage_contact_fault' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.contact_fault(timestamptz, timestamptz, timestamptz, timestamptz, date, integer, double precision, double precision, double precision, text, text, text, text, text, text, text, text, text, text) IS
	'The first column whose value is outside the bounds of valid_contact(); NULL if all are within.';

-- one function rather than text in each place; the planner sees its constants
CREATE FUNCTION engage.first_counted() RETURNS timestamptz
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '1900-01-01 00:00:00+00'::timestamptz;
COMMENT ON FUNCTION engage.first_counted() IS 'The earliest time at which a contact counts. The latest is now.';

CREATE TABLE engage.contact (
	contact_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	source text NOT NULL,
	source_ref text NOT NULL,
	occurred_at timestamptz NOT NULL,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	channel engage.contact_channel NOT NULL,
	direction engage.contact_direction NOT NULL DEFAULT 'inbound',
	number_raw text,
	cli_status engage.cli_status,
	given_name text,
	family_name text,
	date_of_birth date,
	address text,
	postcode text,
	email text,
	imei text,
	nominal_ref text,
	district text,
	opening_code text,
	closing_code text,
	qualifiers text[],
	subject text,
	demand_class text,
	grade text,
	deployed boolean,
	answered_at timestamptz,
	ended_at timestamptz,
	handling_seconds integer,
	disconnected boolean,
	spoke_to_service boolean,
	confirmed_safe boolean,
	tag text,
	incident_ref text,
	recording_ref text,
	callback_of bigint,
	duplicate_of bigint,
	latitude double precision,
	longitude double precision,
	location_radius_m double precision,
	details jsonb,
	identity_details jsonb,
	persona_key uuid GENERATED ALWAYS AS (engage.persona_key(engage_internal.presented_number(number_raw, cli_status),
		given_name, family_name, date_of_birth, address, postcode, email, imei, nominal_ref, identity_details)) STORED,
	UNIQUE (source, source_ref),
	CONSTRAINT contact_is_no_duplicate_of_itself CHECK (duplicate_of <> contact_id),
	CONSTRAINT contact_is_no_callback_of_itself CHECK (callback_of <> contact_id),
	CONSTRAINT contact_within_bounds CHECK (engage_internal.valid_contact(occurred_at, recorded_at, answered_at, ended_at, date_of_birth, handling_seconds,
		latitude, longitude, location_radius_m, source, source_ref, number_raw, given_name, family_name, address, postcode, email, imei, nominal_ref))
);
COMMENT ON TABLE engage.contact IS
	'One approach by the public, after duplicate legs are merged. It counts if it is inbound, not a call-back, not a duplicate, and not in the future. Only source, source_ref, occurred_at and channel are required.';
COMMENT ON COLUMN engage.contact.source IS 'The system that recorded it.';
COMMENT ON COLUMN engage.contact.source_ref IS 'Its reference in that system; unique within the source.';
COMMENT ON COLUMN engage.contact.occurred_at IS 'When it happened: from 1900 to 2199. A contact in the future counts once its time has come.';
COMMENT ON COLUMN engage.contact.recorded_at IS 'When it was recorded here.';
COMMENT ON COLUMN engage.contact.number_raw IS 'The calling number as the source wrote it.';
COMMENT ON COLUMN engage.contact.answered_at IS 'When it was answered. A time before occurred_at, or more than 24 hours after it, counts as not known.';
COMMENT ON COLUMN engage.contact.handling_seconds IS 'Time that a call handler spent on it, in seconds, up to 31 days.';
COMMENT ON COLUMN engage.contact.callback_of IS 'The contact that this one calls back about; it then does not count. Never the contact itself.';
COMMENT ON COLUMN engage.contact.duplicate_of IS 'The contact of which this one is another leg or record; it then does not count. Never the contact itself.';
COMMENT ON COLUMN engage.contact.location_radius_m IS 'Uncertainty of the location, in metres.';
COMMENT ON COLUMN engage.contact.identity_details IS
	'The part of details that identity_detail names; filled by a trigger.';
COMMENT ON COLUMN engage.contact.persona_key IS
	'The persona: a hash of the identifying details; NULL if there are none. Fillers do not count, nor does a number that was not presented.';
SELECT pg_extension_config_dump('engage.contact', '');
SELECT pg_extension_config_dump(pg_get_serial_sequence('engage.contact', 'contact_id')::regclass, '');

CREATE FUNCTION engage_internal.contact_identity_details() RETURNS trigger
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- a restore, run by the owner, already has the picked details, and may run before identity_detail is filled
	IF TG_OP = 'UPDATE' OR NEW.identity_details IS NULL OR NOT pg_has_role('engage_owner', 'MEMBER') THEN
		NEW.identity_details := engage_internal.pick_identity_details(NEW.details);
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION engage_internal.contact_identity_details() IS 'Trigger: picks a contact''s identifying details, from which its persona''s key is made.';

CREATE TRIGGER contact_identity_details BEFORE INSERT OR UPDATE ON engage.contact
	FOR EACH ROW WHEN (NEW.details IS NOT NULL OR NEW.identity_details IS NOT NULL)
	EXECUTE FUNCTION engage_internal.contact_identity_details();
ALTER TABLE engage.contact ENABLE ALWAYS TRIGGER contact_identity_details;

CREATE INDEX contact_counted ON engage.contact (persona_key, occurred_at) INCLUDE (channel)
	WHERE direction = 'inbound' AND callback_of IS NULL AND duplicate_of IS NULL;

-- What counts, said once.  The planner pulls these views up, so the index contact_counted serves them.
CREATE VIEW engage_internal.countable_contact AS
SELECT c.* FROM engage.contact c
WHERE c.direction = 'inbound' AND c.callback_of IS NULL AND c.duplicate_of IS NULL;
COMMENT ON VIEW engage_internal.countable_contact IS
	'Contacts that count once their time has come: inbound, no call-back, and no duplicate of another.';

CREATE VIEW engage_internal.counted_contact AS
SELECT c.* FROM engage_internal.countable_contact c
WHERE c.occurred_at >= engage.first_counted() AND c.occurred_at <= now();
COMMENT ON VIEW engage_internal.counted_contact IS 'Contacts that count now: countable ones from first_counted() up to now.';
CREATE INDEX contact_occurred_at ON engage.contact USING brin (occurred_at);
-- dashboards load parts by it, and refresh sums up days by it
CREATE INDEX contact_occurred_utc ON engage.contact (timezone('UTC', occurred_at));

CREATE TABLE engage_internal.dirty (
	subject text NOT NULL CHECK (subject = ANY (ARRAY['persona', 'number', 'identity', 'caller', 'period', 'rule', 'risk', 'day', 'roster', 'filler', 'everything'])),
	persona_key uuid,
	number text,
	caller_id bigint,
	rule_id integer,
	period_start timestamptz,
	filler text,
	cause text NOT NULL,
	at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (
	autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
	autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000
);
COMMENT ON TABLE engage_internal.dirty IS
	'The queue: subjects that may no longer match what contacts, rules and known numbers give. A change adds its rows here, and the refresh that deals with them removes them. No key and nothing unique, so that writers never wait for each other here.';
COMMENT ON COLUMN engage_internal.dirty.subject IS 'What must be recomputed, identified by the one column that goes with it. A row without that column stands for all of its subject: all identities, scores or days, the whole roster, or everything.';
COMMENT ON COLUMN engage_internal.dirty.at IS 'When the change was made. Shown as lag; it never affects what is computed.';

-- For rows that are looked up among the many rows of personas.
CREATE INDEX dirty_other ON engage_internal.dirty (subject, period_start) WHERE subject <> 'persona';
-- For the few that stand for many subjects.
CREATE INDEX dirty_for_many ON engage_internal.dirty (subject) WHERE persona_key IS NULL AND caller_id IS NULL AND period_start IS NULL;
SELECT pg_extension_config_dump('engage_internal.dirty', '');

CREATE FUNCTION engage_internal.waits_for_many(subjects text[]) RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
BEGIN
	-- OFFSET 0 leaves dirty_for_many as the only index to use: dirty_other may hold very many rows of a subject
	RETURN EXISTS (
		SELECT FROM (SELECT x.subject FROM engage_internal.dirty x
			WHERE x.persona_key IS NULL AND x.caller_id IS NULL AND x.period_start IS NULL OFFSET 0) q
		WHERE q.subject = ANY (subjects));
END
$$;
COMMENT ON FUNCTION engage_internal.waits_for_many(text[]) IS
	'Whether the queue has a row of these subjects that stands for many: it names no persona, caller or period.';

CREATE TABLE engage_internal.later (
	subject text NOT NULL CHECK (subject = ANY (ARRAY['persona', 'day'])),
	persona_key uuid,
	period_start timestamptz,
	due_at timestamptz NOT NULL,
	CHECK ((subject = 'persona') = (persona_key IS NOT NULL)),
	CHECK ((subject = 'day') = (period_start IS NOT NULL))
);
COMMENT ON TABLE engage_internal.later IS
	'Subjects with contacts in the future: up to date as of now, they are queued when the first of these contacts is due. Only refresh writes here.';
COMMENT ON COLUMN engage_internal.later.period_start IS 'The quarter hour of the day''s first future contact.';
COMMENT ON COLUMN engage_internal.later.due_at IS 'When the first future contact happens.';
CREATE UNIQUE INDEX later_persona ON engage_internal.later (persona_key) WHERE persona_key IS NOT NULL;
CREATE INDEX later_day ON engage_internal.later (period_start) WHERE period_start IS NOT NULL;
CREATE INDEX later_due_at ON engage_internal.later (due_at);
SELECT pg_extension_config_dump('engage_internal.later', '');

-- not STRICT, or the planner would not inline it; NULL still gives NULL
CREATE FUNCTION engage_internal.quarter_hour(at timestamptz) RETURNS timestamptz
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN at < '1899-01-01 00:00:00+00'::timestamptz THEN '1899-01-01 00:00:00+00'::timestamptz
	WHEN at > '2201-01-01 00:00:00+00'::timestamptz THEN '2201-01-01 00:00:00+00'::timestamptz
	ELSE date_bin('15 minutes'::interval, at, '2000-01-01 00:00:00+00'::timestamptz) END;
COMMENT ON FUNCTION engage_internal.quarter_hour(timestamptz) IS
	'The start of the quarter hour of a time. In every zone local days begin and end at one. Times outside 1899 to 2200, which are in no day, are moved to these limits.';

-- definer: writers of contacts have no rights on the queue
CREATE FUNCTION engage_internal.contact_changed() RETURNS trigger
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_OP = 'INSERT' THEN
		INSERT INTO engage_internal.dirty (subject, persona_key, cause)
		SELECT DISTINCT 'persona', n.persona_key, 'insert' FROM new_rows n WHERE n.persona_key IS NOT NULL;
		INSERT INTO engage_internal.dirty (subject, period_start, cause)
		SELECT DISTINCT 'day', engage_internal.quarter_hour(n.occurred_at), 'insert' FROM new_rows n;
	ELSIF TG_OP = 'DELETE' THEN
		INSERT INTO engage_internal.dirty (subject, persona_key, cause)
		SELECT DISTINCT 'persona', o.persona_key, 'delete' FROM old_rows o WHERE o.persona_key IS NOT NULL;
		INSERT INTO engage_internal.dirty (subject, period_start, cause)
		SELECT DISTINCT 'day', engage_internal.quarter_hour(o.occurred_at), 'delete' FROM old_rows o;
	ELSIF TG_OP = 'UPDATE' THEN
		INSERT INTO engage_internal.dirty (subject, persona_key, cause)
		SELECT 'persona', u.persona_key, 'update'
		FROM (SELECT o.persona_key FROM old_rows o /* point: personas before an UPDATE */ UNION SELECT n.persona_key FROM new_rows n) u
		WHERE u.persona_key IS NOT NULL;
		INSERT INTO engage_internal.dirty (subject, period_start, cause)
		SELECT 'day', u.quarter_hour, 'update'
		FROM (SELECT engage_internal.quarter_hour(o.occurred_at) AS quarter_hour FROM old_rows o /* point: days before an UPDATE */
			UNION SELECT engage_internal.quarter_hour(n.occurred_at) FROM new_rows n) u;
	ELSE
		/* point: TRUNCATE of contacts */
		INSERT INTO engage_internal.dirty (subject, cause) VALUES ('everything', 'truncate');
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION engage_internal.contact_changed() IS
	'Trigger: queues the personas and the quarter hours of a statement''s contacts, both before and after the change.';

CREATE TRIGGER contact_inserted AFTER INSERT ON engage.contact
	REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION engage_internal.contact_changed();
CREATE TRIGGER contact_updated AFTER UPDATE ON engage.contact
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION engage_internal.contact_changed();
CREATE TRIGGER contact_deleted AFTER DELETE ON engage.contact
	REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION engage_internal.contact_changed();
CREATE TRIGGER contact_truncated AFTER TRUNCATE ON engage.contact
	FOR EACH STATEMENT EXECUTE FUNCTION engage_internal.contact_changed();

-- definer: the subscription's login may have no rights on the queue
CREATE FUNCTION engage_internal.contact_applied() RETURNS trigger
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	changed engage.contact[] := CASE TG_OP WHEN 'INSERT' THEN ARRAY[NEW] WHEN 'DELETE' THEN ARRAY[OLD] ELSE ARRAY[OLD, NEW] END;
BEGIN
	INSERT INTO engage_internal.dirty (subject, persona_key, cause)
	SELECT DISTINCT 'persona', c.persona_key, lower(TG_OP) FROM unnest(changed) c WHERE c.persona_key IS NOT NULL;
	INSERT INTO engage_internal.dirty (subject, period_start, cause)
	SELECT DISTINCT 'day', engage_internal.quarter_hour(c.occurred_at), lower(TG_OP) FROM unnest(changed) c;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION engage_internal.contact_applied() IS
	'Trigger: does what contact_changed() does, for a row that logical replication applies. The server fires no statement triggers for those.';
CREATE TRIGGER contact_applied AFTER INSERT OR UPDATE OR DELETE ON engage.contact
	FOR EACH ROW EXECUTE FUNCTION engage_internal.contact_applied();

-- Fires in replicating sessions too: a change that is not queued is lost.
ALTER TABLE engage.contact ENABLE REPLICA TRIGGER contact_applied;
ALTER TABLE engage.contact ENABLE ALWAYS TRIGGER contact_inserted;
ALTER TABLE engage.contact ENABLE ALWAYS TRIGGER contact_updated;
ALTER TABLE engage.contact ENABLE ALWAYS TRIGGER contact_deleted;
ALTER TABLE engage.contact ENABLE ALWAYS TRIGGER contact_truncated;

-- definer: those who set policy and known numbers have no rights on the queue
CREATE FUNCTION engage_internal.known_number_changed() RETURNS trigger
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_OP = 'INSERT' THEN
		INSERT INTO engage_internal.dirty (subject, number, cause) SELECT 'number', n.number, 'known number' FROM new_rows n;
	ELSIF TG_OP = 'DELETE' THEN
		INSERT INTO engage_internal.dirty (subject, number, cause) SELECT 'number', o.number, 'known number' FROM old_rows o /* point: known numbers that go */;
	ELSIF TG_OP = 'UPDATE' THEN
		INSERT INTO engage_internal.dirty (subject, number, cause)
		SELECT 'number', u.number, 'known number'
		FROM (SELECT o.number FROM old_rows o UNION SELECT n.number FROM new_rows n) u;
	ELSE
		INSERT INTO engage_internal.dirty (subject, cause) VALUES ('everything', 'truncate');
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION engage_internal.known_number_changed() IS 'Trigger: queues a statement''s known numbers.';

CREATE TRIGGER known_number_inserted AFTER INSERT ON engage.known_number
	REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION engage_internal.known_number_changed();
CREATE TRIGGER known_number_updated AFTER UPDATE ON engage.known_number
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION engage_internal.known_number_changed();
CREATE TRIGGER known_number_deleted AFTER DELETE ON engage.known_number
	REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION engage_internal.known_number_changed();
CREATE TRIGGER known_number_truncated AFTER TRUNCATE ON engage.known_number
	FOR EACH STATEMENT EXECUTE FUNCTION engage_internal.known_number_changed();

-- definer: the subscription's login may have no rights on the queue
CREATE FUNCTION engage_internal.known_number_applied() RETURNS trigger
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO engage_internal.dirty (subject, number, cause)
	SELECT DISTINCT 'number', u, 'known number' FROM unnest(ARRAY[OLD.number, NEW.number]) u WHERE u IS NOT NULL;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION engage_internal.known_number_applied() IS
	'Trigger: does what known_number_changed() does, for a row that logical replication applies.';
CREATE TRIGGER known_number_applied AFTER INSERT OR UPDATE OR DELETE ON engage.known_number
	FOR EACH ROW EXECUTE FUNCTION engage_internal.known_number_applied();
ALTER TABLE engage.known_number ENABLE REPLICA TRIGGER known_number_applied;
ALTER TABLE engage.known_number ENABLE ALWAYS TRIGGER known_number_inserted;
ALTER TABLE engage.known_number ENABLE ALWAYS TRIGGER known_number_updated;
ALTER TABLE engage.known_number ENABLE ALWAYS TRIGGER known_number_deleted;
ALTER TABLE engage.known_number ENABLE ALWAYS TRIGGER known_number_truncated;

-- definer: those who set policy have no rights on the queue
CREATE FUNCTION engage_internal.policy_changed() RETURNS trigger
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO engage_internal.dirty (subject, cause) VALUES ('everything', 'policy');
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION engage_internal.policy_changed() IS
	'Trigger: a new zone or region may change every number and every local week.';

CREATE FUNCTION engage_internal.policy_checked() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- accepts the same zones as a criterion and heatmap(), with their hint
	PERFORM engage.daily_counts('{}', NEW.zone);
	PERFORM engage.phone('0', NEW.region);
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION engage_internal.policy_checked() IS
	'Trigger: refuses an invalid zone or region (22023), which would make lookups fail.';

CREATE TRIGGER policy_checked BEFORE INSERT OR UPDATE ON engage.policy
	FOR EACH ROW EXECUTE FUNCTION engage_internal.policy_checked();
CREATE TRIGGER policy_changed AFTER UPDATE OF zone, region ON engage.policy
	FOR EACH STATEMENT EXECUTE FUNCTION engage_internal.policy_changed();
CREATE TRIGGER policy_applied AFTER UPDATE OF zone, region ON engage.policy
	FOR EACH ROW EXECUTE FUNCTION engage_internal.policy_changed();
ALTER TABLE engage.policy ENABLE ALWAYS TRIGGER policy_changed;
ALTER TABLE engage.policy ENABLE REPLICA TRIGGER policy_applied;

CREATE FUNCTION engage_internal.policy_kept() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'the policy cannot be deleted'
		USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'UPDATE engage.policy SET ...; changes it. Without it nothing is looked up or refreshed.';
END
$$;
COMMENT ON FUNCTION engage_internal.policy_kept() IS 'Trigger: refuses to delete the policy (55000), even to a superuser.';
CREATE TRIGGER policy_kept BEFORE DELETE OR TRUNCATE ON engage.policy
	FOR EACH STATEMENT EXECUTE FUNCTION engage_internal.policy_kept();
