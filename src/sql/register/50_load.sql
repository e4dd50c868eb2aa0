/*
 * Loading files: a force's own channel codes, what could not be read, and one
 * function that loads a staging table of text into contact.
 */

CREATE FUNCTION engage_internal.alias_key(alias text) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN regexp_replace(lower(alias COLLATE "C"), '[[:space:]_./-]+', '', 'g');
COMMENT ON FUNCTION engage_internal.alias_key(text) IS
	'A code without what may be written differently: capitals, blanks, hyphens, underscores, full stops and slashes.';

CREATE TABLE engage.channel_alias (
	alias text PRIMARY KEY,
	channel engage.contact_channel NOT NULL,
	alias_key text GENERATED ALWAYS AS (engage_internal.alias_key(alias)) STORED UNIQUE CHECK (alias_key <> '')
);
COMMENT ON TABLE engage.channel_alias IS
	'What the force''s own systems call a channel, for channel_of() and load_contacts(). Takes precedence over the shipped preset_channel_alias.';
COMMENT ON COLUMN engage.channel_alias.alias IS 'The code as the system writes it; capitals, blanks, hyphens, underscores, full stops and slashes do not matter.';
SELECT pg_extension_config_dump('engage.channel_alias', '');

CREATE TABLE engage.preset_channel_alias (
	alias text PRIMARY KEY,
	channel engage.contact_channel NOT NULL,
	alias_key text GENERATED ALWAYS AS (engage_internal.alias_key(alias)) STORED UNIQUE
);
COMMENT ON TABLE engage.preset_channel_alias IS
	'Shipped names of channels. Names with more than one meaning, such as Phone or SMS, are not here: add them to channel_alias.';
INSERT INTO engage.preset_channel_alias (alias, channel)
SELECT a.alias, p.channel::engage.contact_channel
FROM (VALUES
	('999_voice', '{999,999 call,999 phone,112,emergency,emergency call,999 emergency}'::text[]),
	('101_voice', '{101,101 call,101 phone,non-emergency,non-emergency call}'),
	('switchboard', '{main switchboard,SWB}'),
	('digital_desk', '{digital,social media,Facebook,Twitter,X,Messenger,WhatsApp,Instagram}'),
	('live_chat', '{chat,web chat,online chat}'),
	('email', '{mail}'),
	('online_report', '{online,online form,web,web form,website,web report,internet,single online home,SOH}'),
	('portal', '{victim portal,my account}'),
	('sms_999', '{999 SMS,999 text,999 text message,emergency SMS}'),
	('relay_999', '{999 relay,text relay,relay UK,NGT}'),
	('bsl_999', '{BSL,999 sign language,sign language}'),
	('video', '{video call}'),
	('in_person', '{front counter,front office,counter,enquiry office,front desk,walk in,face to face,station}'),
	('callback', '{call back,ring back}'),
	('partner', '{partner agency,ambulance,fire,other force,other agency}'),
	('other', '{letter,post,fax}')) AS p (channel, aliases), unnest(p.aliases) AS a (alias);
-- and the names that engage itself uses
INSERT INTO engage.preset_channel_alias (alias, channel)
SELECT DISTINCT ON (engage_internal.alias_key(a.alias)) a.alias, p.channel
FROM engage.preset_channel p, LATERAL (VALUES (p.channel::text), (p.label)) AS a (alias)
WHERE NOT EXISTS (SELECT FROM engage.preset_channel_alias x WHERE x.alias_key = engage_internal.alias_key(a.alias));

-- definer: loaders read no configuration
CREATE FUNCTION engage.channel_of(written text) RETURNS engage.contact_channel
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	key text := engage_internal.alias_key(written);
	found_channel engage.contact_channel;
BEGIN
	SELECT a.channel INTO found_channel FROM engage.channel_alias a WHERE a.alias_key = key;
	IF found_channel IS NULL THEN
		SELECT a.channel INTO found_channel FROM engage.preset_channel_alias a WHERE a.alias_key = key;
	END IF;
	IF found_channel IS NULL THEN
		SELECT min(c.channel) INTO found_channel FROM engage.channel c WHERE engage_internal.alias_key(c.label) = key;
	END IF;
	RETURN found_channel;
END
$$;
COMMENT ON FUNCTION engage.channel_of(text) IS
	'The channel that a code means: by channel_alias, then preset_channel_alias, then the force''s label of a channel. NULL if the code is not known, and for NULL.';

CREATE VIEW engage.enum_value WITH (security_barrier) AS
SELECT t.typname::text AS type, e.enumlabel::text AS value, row_number() OVER (PARTITION BY t.oid ORDER BY e.enumsortorder) AS place
FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid
WHERE t.typnamespace = 'engage'::regnamespace;
COMMENT ON VIEW engage.enum_value IS
	'The values that each enum of engage takes, in order: the ones to use where the server reports an invalid input value.';

CREATE TABLE engage.record_reject (
	reject_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	source text NOT NULL,
	line bigint,
	source_ref text,
	column_name text NOT NULL,
	reason text NOT NULL,
	row_loaded boolean NOT NULL DEFAULT false,
	rejected_at timestamptz NOT NULL DEFAULT now(),
	rejected_by text NOT NULL DEFAULT SESSION_USER
);
COMMENT ON TABLE engage.record_reject IS
	'What could not be read from a file, one row per value: written by load_contacts(), or by a loader''s own statement. Reasons never repeat the value.';
COMMENT ON COLUMN engage.record_reject.line IS 'The line of the file; NULL if it is not known.';
COMMENT ON COLUMN engage.record_reject.source_ref IS 'The record''s reference, if it has one.';
COMMENT ON COLUMN engage.record_reject.column_name IS 'The column of contact that the value was for.';
COMMENT ON COLUMN engage.record_reject.row_loaded IS 'Whether the rest of the line was loaded, with this column empty or as the reason says.';
COMMENT ON COLUMN engage.record_reject.rejected_at IS 'When it was rejected; the same for everything in one load.';
CREATE INDEX record_reject_source ON engage.record_reject (source, rejected_at);
SELECT pg_extension_config_dump('engage.record_reject', '');
SELECT pg_extension_config_dump(pg_get_serial_sequence('engage.record_reject', 'reject_id')::regclass, '');

-- definer: loaders read no configuration
CREATE FUNCTION engage_internal.force_zone() RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT o.zone FROM engage.policy o;
END;
COMMENT ON FUNCTION engage_internal.force_zone() IS 'The force''s time zone (policy.zone); NULL before setup().';

CREATE FUNCTION engage_internal.read_contact_value(column_name text, written text, OUT value jsonb, OUT problem text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	said boolean;
BEGIN
	IF written IS NULL THEN
		RETURN;
	END IF;
	CASE
	WHEN column_name = 'channel' THEN
		value := to_jsonb(engage.channel_of(written));
		problem := CASE WHEN value IS NULL THEN 'is not a known channel; add the code to engage.channel_alias' END;
	WHEN column_name IN ('direction', 'cli_status') THEN
		SELECT to_jsonb(min(e.value) FILTER (WHERE e.value = lower(replace(written, ' ', '_')))), 'is not one of ' || string_agg(e.value, ', ' ORDER BY e.place)
		INTO value, problem
		FROM engage.enum_value e WHERE e.type = CASE column_name WHEN 'direction' THEN 'contact_direction' ELSE 'cli_status' END;
		problem := CASE WHEN value IS NULL THEN problem END;
	WHEN column_name IN ('deployed', 'disconnected', 'spoke_to_service', 'confirmed_safe') THEN
		said := CASE WHEN lower(written) IN ('y', 'yes', 't', 'true', '1') THEN true WHEN lower(written) IN ('n', 'no', 'f', 'false', '0') THEN false END;
		value := to_jsonb(said);
		problem := CASE WHEN said IS NULL THEN 'is neither yes nor no' END;
	WHEN column_name = 'handling_seconds' THEN
		IF written ~ '^[0-9]{1,9}$' THEN
			value := to_jsonb(written::integer);
		ELSIF written ~ '^[0-9]{1,4}:[0-5][0-9]:[0-5][0-9]$' THEN
			value := to_jsonb(extract(epoch FROM written::interval)::integer);
		ELSE
			problem := 'is neither a whole number of seconds nor hours:minutes:seconds';
		END IF;
	WHEN column_name IN ('latitude', 'longitude', 'location_radius_m') THEN
		IF written ~ '^[+-]?[0-9]{1,9}([.][0-9]{1,20})?$' THEN
			value := to_jsonb(written::double precision);
		ELSE
			problem := 'is not a number';
		END IF;
	WHEN column_name = 'qualifiers' THEN
		value := to_jsonb(regexp_split_to_array(written, '[[:space:]]*[;,|][[:space:]]*'));
	ELSE
		value := to_jsonb(written);
	END CASE;
END
$$;
COMMENT ON FUNCTION engage_internal.read_contact_value(text, text) IS
	'Reads text as a value for a column of contact that is neither text nor a time: returns the value, or the problem. For load_contacts().';

CREATE FUNCTION engage_internal.load_contact_batch(statement text, source text, rows jsonb[], lines bigint[],
		OUT loaded bigint, OUT updated bigint, OUT rejected bigint, OUT left_empty bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	given jsonb;
	is_new bigint;
	is_changed bigint;
	bad_column text;
	hint text;
	constraint_name text;
	row_goes_in boolean;
	done boolean;
BEGIN
	rejected := 0;
	left_empty := 0;
	BEGIN
		EXECUTE statement INTO loaded, updated USING source, rows;
		RETURN;
	EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
		loaded := 0;		-- one of them fails: try them one by one
		updated := 0;
	END;
	FOR n IN 1 .. cardinality(rows) LOOP
		given := rows[n];
		done := false;
		WHILE NOT done LOOP
			BEGIN
				EXECUTE statement INTO is_new, is_changed USING source, ARRAY[given];
				loaded := loaded + is_new;
				updated := updated + is_changed;
				done := true;
			EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
				GET STACKED DIAGNOSTICS bad_column = COLUMN_NAME, hint = PG_EXCEPTION_HINT, constraint_name = CONSTRAINT_NAME;
				row_goes_in := bad_column NOT IN ('source', 'source_ref', 'occurred_at', 'channel') AND given ->> bad_column IS NOT NULL;
				INSERT INTO engage.record_reject (source, line, source_ref, column_name, reason, row_loaded)
				VALUES (load_contact_batch.source, lines[n], left(given ->> 'source_ref', 200), COALESCE(NULLIF(bad_column, ''), 'all'),
					CASE WHEN bad_column <> '' AND hint <> '' THEN 'is out of bounds: ' || hint
						WHEN constraint_name <> '' THEN format('does not satisfy the constraint %s', constraint_name)
						ELSE format('cannot be stored (SQLSTATE %s)', SQLSTATE) END, COALESCE(row_goes_in, false));
				IF row_goes_in THEN
					given := given || jsonb_build_object(bad_column, NULL);
					left_empty := left_empty + 1;
				ELSE
					rejected := rejected + 1;
					done := true;
				END IF;
			END;
		END LOOP;
	END LOOP;
END
$$;
COMMENT ON FUNCTION engage_internal.load_contact_batch(text, text, jsonb[], bigint[]) IS
	'Writes rows that were read: all at once or, if one of them fails, one by one. For load_contacts().';

CREATE FUNCTION engage_internal.loadable_columns() RETURNS text[]
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
	WHERE a.attrelid = 'engage.contact'::regclass AND a.attnum > 0 AND NOT a.attisdropped
		AND a.attname <> ALL ('{contact_id,source,callback_of,duplicate_of,identity_details,persona_key}');
END;
COMMENT ON FUNCTION engage_internal.loadable_columns() IS 'The columns of contact that load_contacts() fills.';

CREATE FUNCTION engage_internal.check_mapping(staging regclass, mapping jsonb) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	loadable constant text[] := engage_internal.loadable_columns();
	columns constant text[] := ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = staging AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum);
	unknown text;
	missing text;
BEGIN
	SELECT min(k) INTO unknown FROM jsonb_object_keys(mapping) k WHERE k <> ALL (loadable || '{line}');
	IF unknown IS NOT NULL THEN
		RAISE EXCEPTION 'the mapping names "%", which is not a column of contact that can be loaded', unknown
			USING ERRCODE = 'undefined_column', HINT = 'Write {"column of contact": "column of the file"}. They are line, ' || array_to_string(loadable, ', ') || '.';
	END IF;
	SELECT min(f.name) INTO unknown
	FROM jsonb_each(mapping) m,
		LATERAL (SELECT m.value #>> '{}' WHERE jsonb_typeof(m.value) = 'string'
			UNION ALL SELECT e FROM jsonb_array_elements_text(CASE jsonb_typeof(m.value) WHEN 'array' THEN m.value ELSE '[]' END) e) f (name)
	WHERE f.name <> ALL (columns);
	IF unknown IS NOT NULL THEN
		RAISE EXCEPTION 'table % has no column "%"', staging, unknown
			USING ERRCODE = 'undefined_column', HINT = 'Its columns are ' || array_to_string(columns, ', ') || '.';
	END IF;
	SELECT min(r) INTO missing FROM unnest('{source_ref,occurred_at,channel}'::text[]) r WHERE NOT mapping ? r AND r <> ALL (columns);
	IF missing IS NOT NULL THEN
		RAISE EXCEPTION 'no column of % is mapped to %', staging, missing
			USING ERRCODE = 'invalid_parameter_value', HINT = CASE missing
				WHEN 'channel' THEN 'Name it: {"channel": "type"}; or give one channel for all: {"channel": {"value": "101"}}.'
				ELSE format('Name it in the mapping: {%s: "its column in the file"}.', to_json(missing)) END;
	END IF;
END
$$;
COMMENT ON FUNCTION engage_internal.check_mapping(regclass, jsonb) IS
	'Refuses a mapping that names missing columns (42703), or has no reference, time or channel (22023). For load_contacts().';

CREATE FUNCTION engage_internal.contact_columns(staging regclass, mapping jsonb, OUT column_name text, OUT alias text, OUT reading text, OUT is_needed boolean,
		OUT is_converted boolean) RETURNS SETOF record
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY
	SELECT x.name, 'v_' || x.name,
		CASE WHEN x.name = 'details' THEN format('SELECT (%s)::jsonb, NULL::text, NULL::text', x.expression)
			WHEN x.name IN ('occurred_at', 'recorded_at', 'answered_at', 'ended_at') THEN
				format('SELECT to_jsonb(r.at), r.problem, CASE WHEN r.second_at IS NOT NULL THEN ''is in the hour that the clocks show twice; the earlier time was taken'' END '
					'FROM engage.read_local_time(%s, %s, $3) r', x.written, CASE WHEN x.is_iso THEN '''{ISO}''::text[]' ELSE '$1' END)
			WHEN x.name = 'date_of_birth' THEN
				format('SELECT to_jsonb(r.day), r.problem, NULL::text FROM engage.read_date(%s, %s) r', x.written, CASE WHEN x.is_iso THEN '''{ISO}''::text[]' ELSE '$2' END)
			WHEN x.is_text THEN format('SELECT to_jsonb(%s), NULL::text, NULL::text', x.written)
			ELSE format('SELECT r.value, r.problem, NULL::text FROM engage_internal.read_contact_value(%L, %s) r', x.name, x.written) END,
		x.name IN ('source_ref', 'occurred_at', 'channel'), NOT (x.is_text OR x.name = 'details')
	FROM (
		SELECT c.name, c.place, e.expression, format('NULLIF(btrim(%s, E'' \t\r\n''), '''')', e.expression) AS written,
			COALESCE(a.atttypid = ANY ('{date,timestamp,timestamptz}'::regtype[]), false) AS is_iso,
			(SELECT k.atttypid = 'text'::regtype FROM pg_attribute k WHERE k.attrelid = 'engage.contact'::regclass AND k.attname = c.name) AS is_text
		FROM unnest(engage_internal.loadable_columns()) WITH ORDINALITY c (name, place)
		CROSS JOIN LATERAL (SELECT mapping -> c.name) m (given)
		CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(m.given) = 'object' THEN quote_nullable(m.given ->> 'value')
			WHEN jsonb_typeof(m.given) = 'array' THEN (
				SELECT format('NULLIF(jsonb_strip_nulls(jsonb_build_object(%s)), ''{}'')::text', string_agg(format('%L, NULLIF(btrim((s.row_given).%I::text), '''')', e, e), ', ' ORDER BY e))
				FROM jsonb_array_elements_text(m.given) e)
			ELSE format('(s.row_given).%I::text', COALESCE(m.given #>> '{}', c.name)) END) e (expression)
		LEFT JOIN pg_attribute a ON a.attrelid = staging AND a.attnum > 0 AND NOT a.attisdropped
			AND a.attname = CASE WHEN m.given IS NULL THEN c.name WHEN jsonb_typeof(m.given) = 'string' THEN m.given #>> '{}' END
		WHERE m.given IS NOT NULL OR (a.attname IS NOT NULL AND c.name <> 'details')
	) x
	ORDER BY x.place;
END
$$;
COMMENT ON FUNCTION engage_internal.contact_columns(regclass, jsonb) IS
	'The columns of contact that a staging table fills, through the mapping or by the same name, and the query that reads each. For load_contacts().';

CREATE FUNCTION engage_internal.set_aside(source text, line bigint, source_ref text, problems jsonb, later_line bigint, is_loadable boolean) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	INSERT INTO engage.record_reject (source, line, source_ref, column_name, reason, row_loaded)
	SELECT set_aside.source, set_aside.line, "left"(set_aside.source_ref, 200), p ->> 0, COALESCE(p ->> 1, p ->> 2), set_aside.is_loadable AND set_aside.later_line IS NULL
	FROM jsonb_array_elements(set_aside.problems) p
	UNION ALL
	SELECT set_aside.source, set_aside.line, "left"(set_aside.source_ref, 200), 'source_ref', format('is that of line %s too, which was taken', set_aside.later_line), false
	WHERE set_aside.later_line IS NOT NULL;
END;
COMMENT ON FUNCTION engage_internal.set_aside(text, bigint, text, jsonb, bigint, boolean) IS 'Records what is wrong with a line in record_reject. For load_contacts().';

CREATE FUNCTION engage_internal.load_statements(staging regclass, mapping jsonb, first_line bigint, OUT read_rows text, OUT write_rows text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	SELECT
		format('SELECT q.line, q.given, q.loadable, q.problems, CASE WHEN q.loadable THEN lead(q.line) OVER same_reference END AS later_line, '
			'CASE WHEN q.loadable THEN lead(q.given) OVER same_reference = q.given END AS is_repeated '
			'FROM (SELECT s.line, jsonb_build_object(%s) AS given, (%s) IS TRUE AS loadable, CASE WHEN num_nonnulls(%s) > 0 OR (%s) IS NOT TRUE THEN '
			'(SELECT jsonb_agg(jsonb_build_array(p.name, p.problem, p.note)) FROM (VALUES %s) p (name, problem, note) WHERE p.problem IS NOT NULL OR p.note IS NOT NULL) END AS problems '
			'FROM (SELECT %s AS line, t AS row_given FROM %s t) s%s) q '
			'WINDOW same_reference AS (PARTITION BY q.loadable, q.given ->> ''source_ref'' ORDER BY q.line) ORDER BY q.line',
			string_agg(format('%L, %s.value', c.column_name, c.alias), ', '),
			string_agg(format('%s.value IS NOT NULL', c.alias), ' AND ') FILTER (WHERE c.is_needed),
			string_agg(format('%s.problem, %s.note', c.alias, c.alias), ', ') FILTER (WHERE c.is_converted),
			string_agg(format('%s.value IS NOT NULL', c.alias), ' AND ') FILTER (WHERE c.is_needed),
			string_agg(CASE WHEN c.is_needed THEN format('(%L, CASE WHEN %s.value IS NULL THEN COALESCE(%s.problem, ''is empty'') END, %s.note)', c.column_name, c.alias, c.alias, c.alias)
				ELSE format('(%L, %s.problem, %s.note)', c.column_name, c.alias, c.alias) END, ', ') FILTER (WHERE c.is_converted OR c.is_needed),
			CASE WHEN mapping ? 'line' THEN format('CASE WHEN t.%I::text ~ ''^[0-9]{1,18}$'' THEN t.%I::text::bigint END', mapping ->> 'line', mapping ->> 'line')
				WHEN (SELECT k.relkind FROM pg_class k WHERE k.oid = staging) = 'r' THEN 'row_number() OVER (ORDER BY t.ctid) - 1 + ' || first_line
				ELSE 'row_number() OVER () - 1 + ' || first_line END,
			staging,
			string_agg(format(' CROSS JOIN LATERAL (%s) %s (value, problem, note)', c.reading, c.alias), '')),
		format('WITH done AS (INSERT INTO engage.contact AS c (source, %s) SELECT $1, %s FROM jsonb_populate_recordset(NULL::engage.contact, to_jsonb($2)) p '
			'ON CONFLICT (source, source_ref) DO UPDATE SET (%s) = ROW(%s) WHERE (%s) IS DISTINCT FROM (%s) RETURNING c.xmax = 0 AS is_new) '
			'SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM done',
			string_agg(quote_ident(c.column_name), ', '),
			string_agg(CASE c.column_name WHEN 'direction' THEN 'COALESCE(p.direction, ''inbound'')' WHEN 'recorded_at' THEN 'COALESCE(p.recorded_at, now())'
				ELSE 'p.' || quote_ident(c.column_name) END, ', '),
			string_agg(quote_ident(c.column_name), ', ') FILTER (WHERE c.column_name <> 'recorded_at'),
			string_agg('EXCLUDED.' || quote_ident(c.column_name), ', ') FILTER (WHERE c.column_name <> 'recorded_at'),
			string_agg('c.' || quote_ident(c.column_name), ', ') FILTER (WHERE c.column_name <> 'recorded_at'),
			string_agg('EXCLUDED.' || quote_ident(c.column_name), ', ') FILTER (WHERE c.column_name <> 'recorded_at'))
	INTO read_rows, write_rows
	FROM engage_internal.contact_columns(staging, mapping) c;
END
$$;
COMMENT ON FUNCTION engage_internal.load_statements(regclass, jsonb, bigint) IS
	'The query that reads a staging table ($1 formats, $2 formats of dates, $3 zone), and the statement that writes rows that were read ($1 source, $2 rows). For load_contacts().';

CREATE FUNCTION engage.load_contacts(source text, staging regclass, mapping jsonb DEFAULT '{}',
		format text DEFAULT 'DD/MM/YYYY HH24:MI | DD/MM/YYYY HH24:MI:SS | ISO', zone text DEFAULT NULL,
		date_format text DEFAULT 'DD/MM/YYYY | ISO', first_line bigint DEFAULT 2,
		OUT loaded bigint, OUT updated bigint, OUT unchanged bigint, OUT rejected bigint, OUT left_empty bigint, OUT ambiguous bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO' SET intervalstyle = 'postgres'
AS $$
DECLARE
	batch_size constant integer := 1000;
	formats text[] := ARRAY(SELECT btrim(f) FROM regexp_split_to_table(load_contacts.format, '[|]') WITH ORDINALITY AS x (f, place) ORDER BY place);
	date_formats text[] := ARRAY(SELECT btrim(f) FROM regexp_split_to_table(load_contacts.date_format, '[|]') WITH ORDINALITY AS x (f, place) ORDER BY place);
	used_zone text := COALESCE(load_contacts.zone, engage_internal.force_zone());
	read_rows text;
	write_rows text;
	next_line bigint;
	given jsonb;
	loadable boolean;
	problems jsonb;
	later_line bigint;
	is_repeated boolean;
	batch jsonb[] := ARRAY[]::jsonb[];
	lines bigint[] := ARRAY[]::bigint[];
	read_well bigint := 0;
BEGIN
	IF COALESCE(btrim(load_contacts.source), '') = '' OR staging IS NULL OR first_line IS NULL THEN
		RAISE EXCEPTION 'the load has no source, no staging table or no first line'
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'SELECT * FROM engage.load_contacts(''cad'', ''staged_calls'', ''{"source_ref": "ref", "occurred_at": "time", "channel": "type"}'');';
	ELSIF used_zone IS NULL THEN
		RAISE EXCEPTION 'engage is not set up'
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'SELECT engage.setup(); or give the zone of the times in the file.';
	END IF;
	-- a wrong format or zone is refused before anything is read
	PERFORM engage.local_instants('', formats, used_zone), engage.read_date('', date_formats);
	mapping := COALESCE(mapping, '{}');
	PERFORM engage_internal.check_mapping(staging, mapping);
	SELECT t.* INTO read_rows, write_rows FROM engage_internal.load_statements(staging, mapping, first_line) t;
	SELECT 0, 0, 0, 0, 0 INTO loaded, updated, rejected, left_empty, ambiguous;
	FOR next_line, given, loadable, problems, later_line, is_repeated IN EXECUTE read_rows USING formats, date_formats, used_zone LOOP
		IF problems IS NOT NULL OR later_line IS NOT NULL THEN
			CONTINUE WHEN later_line IS NOT NULL AND is_repeated;
			PERFORM engage_internal.set_aside(load_contacts.source, next_line, given ->> 'source_ref', problems, later_line, loadable);
			IF NOT loadable OR later_line IS NOT NULL THEN
				rejected := rejected + 1;
				CONTINUE;
			END IF;
			left_empty := left_empty + (SELECT count(p ->> 1) FROM jsonb_array_elements(problems) p);
			ambiguous := ambiguous + (SELECT count(*) FROM jsonb_array_elements(problems) p WHERE p ->> 0 = 'occurred_at' AND p ->> 2 IS NOT NULL);
		END IF;
		batch := batch || given;
		lines := lines || next_line;
		IF cardinality(lines) = batch_size THEN
			SELECT loaded + w.new, updated + w.changed, rejected + w.refused, left_empty + w.emptied, read_well + cardinality(lines) - w.refused
			INTO loaded, updated, rejected, left_empty, read_well FROM engage_internal.load_contact_batch(write_rows, source, batch, lines) w (new, changed, refused, emptied);
			batch := ARRAY[]::jsonb[];
			lines := ARRAY[]::bigint[];
		END IF;
	END LOOP;
	SELECT loaded + w.new, updated + w.changed, rejected + w.refused, left_empty + w.emptied, read_well + cardinality(lines) - w.refused
	INTO loaded, updated, rejected, left_empty, read_well FROM engage_internal.load_contact_batch(write_rows, source, batch, lines) w (new, changed, refused, emptied);
	unchanged := read_well - loaded - updated;
END
$$;
COMMENT ON FUNCTION engage.load_contacts(text, regclass, jsonb, text, text, text, bigint) IS
	'Loads a staging table of text, as filled by \copy, into contact, with the caller''s rights. mapping: {"column of contact": "column of the file"}, {"value": "the same for all"}, or for details a list; columns of the same name need none. format, date_format: formats of read_local_time(), separated by |. Returns the numbers of rows, empty values and ambiguous times (the earlier is used); record_reject has the reasons. Errors: 42703 for a missing column, 22023 for an invalid format, zone or mapping.';
