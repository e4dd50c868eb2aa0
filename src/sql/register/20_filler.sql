/*
 * Fillers: values that stand for "not known".
 *
 * They link nobody, split nobody and identify nobody.  The shipped list is
 * compiled in, so that keys of personas, which are immutable, can leave its
 * entries out.  Values that the force adds or calls real, and learnt values,
 * take effect where personas are made from contacts.
 */

CREATE FUNCTION engage.is_filler(kind text, value text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'engage_is_filler' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.is_filler(text, text) IS
	'Whether the shipped list says that a value of a kind of detail stands for "not known". kind is name, given_name, family_name, date, address, postcode, email, identifier, imei, number, text or category; anything else is an error (22023). Case, accents, punctuation and blanks do not matter. A name is judged by itself: beside another name, a word that is also a name, such as Null, may be real.';

CREATE FUNCTION engage.is_certain_filler(kind text, value text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'engage_is_certain_filler' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.is_certain_filler(text, text) IS
	'Whether is_filler() holds and the value can be nothing else, so that it is left out of a persona''s key. Other fillers can be real, such as a birth on 1 January 1970; the table filler can say so.';

CREATE FUNCTION engage.filler_fold(kind text, value text) RETURNS text
	AS 'MODULE_PATHNAME', 'engage_filler_fold' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.filler_fold(text, text) IS
	'A value as it is compared with others of its kind (see is_filler): lower case, without accents and punctuation, single blanks between words, no blanks in postcodes, references and numbers, dates as YYYY-MM-DD. NULL if nothing is left, or if it is longer than 120 bytes.';

CREATE FUNCTION engage.shipped_filler(OUT kind text, OUT value text, OUT meaning text) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'engage_shipped_filler' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 2000;
COMMENT ON FUNCTION engage.shipped_filler() IS
	'The shipped list of fillers, by kind of detail (any: every kind), folded. A value is a filler if it is a whole value of the list, or if all its words are words of the list. meaning says which, and for dates why they are entered. A word that is also a name counts only if the other name is missing or a filler. Some rules are not lists: handsets with a wrong check digit, digits that are all the same.';

CREATE TABLE engage.filler (
	kind text NOT NULL CONSTRAINT filler_kind CHECK (kind = ANY (ARRAY['name', 'given_name', 'family_name', 'date', 'address',
		'postcode', 'email', 'identifier', 'imei', 'number', 'text', 'category'])),
	value text NOT NULL,
	is_filler boolean NOT NULL DEFAULT true,
	note text,
	added_at timestamptz NOT NULL DEFAULT now(),
	added_by text NOT NULL DEFAULT SESSION_USER,
	folded text GENERATED ALWAYS AS (engage.filler_fold(kind, value)) STORED,
	CONSTRAINT filler_pkey PRIMARY KEY (kind, folded),
	CONSTRAINT filler_is_certain CHECK (is_filler OR NOT engage.is_certain_filler(kind, value))
);
COMMENT ON TABLE engage.filler IS
	'The force''s own list: values that stand for "not known" besides the shipped ones. With is_filler false: values that are real although the shipped list doubts them or many people share them. Applies from the next refresh.';
COMMENT ON COLUMN engage.filler.kind IS
	'The kind of detail: name (given and family), given_name, family_name, date, address, postcode, email, identifier (also nominal_ref), imei, number, text, category. date, address, postcode, email, identifier, text, category and name also apply to details beyond the columns (identity_detail).';
COMMENT ON COLUMN engage.filler.is_filler IS 'False: the value is real. A value that is certainly a filler cannot be made real.';
COMMENT ON COLUMN engage.filler.folded IS 'The value as it is compared (filler_fold).';
SELECT pg_extension_config_dump('engage.filler', '');

CREATE TABLE engage.learnt_filler (
	kind text NOT NULL,
	folded text NOT NULL,
	example text NOT NULL,
	people bigint NOT NULL,
	expected double precision NOT NULL,
	learnt_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (kind, folded)
);
COMMENT ON TABLE engage.learnt_filler IS
	'Values that far more people have than chance explains. They count as fillers until filler says otherwise; filler_suspect lists those that nobody has decided on. Made by refresh.';
COMMENT ON COLUMN engage.learnt_filler.people IS 'How many people seemed to have the value when it was learnt.';
COMMENT ON COLUMN engage.learnt_filler.expected IS 'How many people at most would have it by chance.';
SELECT pg_extension_config_dump('engage.learnt_filler', '');

CREATE FUNCTION engage_internal.filler_entry(kind text, value text) RETURNS text
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN kind || ':' || COALESCE(
	CASE kind WHEN 'number' THEN (SELECT engage.phone(value, o.region) FROM engage.policy o) END, engage.filler_fold(kind, value));
COMMENT ON FUNCTION engage_internal.filler_entry(text, text) IS 'A value in the form that lists of fillers use: KIND:FOLDED, a number in E.164 by the policy''s region.';

CREATE FUNCTION engage_internal.current_fillers(OUT fillers text[], OUT is_real text[])
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	fillers := '{}';
	is_real := '{}';
	-- most forces have no fillers of their own
	IF NOT EXISTS (SELECT FROM engage.filler UNION ALL SELECT FROM engage.learnt_filler) THEN
		RETURN;
	END IF;
	WITH own AS MATERIALIZED (
		SELECT f.is_filler, engage_internal.filler_entry(f.kind, f.value) AS entry
		FROM engage.filler f
	)
	SELECT ARRAY(SELECT o.entry FROM own o WHERE o.is_filler
			UNION
			SELECT l.kind || ':' || l.folded FROM engage.learnt_filler l
			WHERE NOT EXISTS (SELECT FROM own o WHERE NOT o.is_filler
				AND (o.entry = l.kind || ':' || l.folded OR l.kind IN ('given_name', 'family_name') AND o.entry = 'name:' || l.folded))
			ORDER BY 1),
		ARRAY(SELECT o.entry FROM own o WHERE NOT o.is_filler ORDER BY 1)
	INTO fillers, is_real;
END
$$;
COMMENT ON FUNCTION engage_internal.current_fillers() IS
	'The values that filler and learnt_filler add up to, each as KIND:FOLDED, a number in E.164: fillers, and values that are real all the same.';

CREATE FUNCTION engage_internal.identity_detail_kinds() RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT jsonb_object_agg(d.key, d.kind) FROM engage.identity_detail d;
END;
COMMENT ON FUNCTION engage_internal.identity_detail_kinds() IS 'The keys of identity_detail with the kind of each; NULL if there are none.';

CREATE FUNCTION engage_internal.without_fillers(INOUT number text, INOUT given_name text, INOUT family_name text, INOUT date_of_birth date, INOUT address text,
		INOUT postcode text, INOUT email text, INOUT imei text, INOUT nominal_ref text, INOUT identity_details jsonb, kinds jsonb, fillers text[], is_real text[])
	AS 'MODULE_PATHNAME', 'engage_without_fillers' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.without_fillers(text, text, text, date, text, text, text, text, text, jsonb, jsonb, text[], text[]) IS
	'A persona''s details, NULL where they are empty or fillers: according to the shipped list and to what current_fillers() and identity_detail_kinds() give. The number is in E.164, and left out only if the force''s list says so.';

CREATE FUNCTION engage_internal.has_value(number text, given_name text, family_name text, date_of_birth date, address text,
		postcode text, email text, imei text, nominal_ref text, identity_details jsonb, kinds jsonb, wanted text[]) RETURNS boolean
	AS 'MODULE_PATHNAME', 'engage_has_value' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.has_value(text, text, text, date, text, text, text, text, text, jsonb, jsonb, text[]) IS
	'Whether any of a persona''s details is one of the wanted values, each as KIND:FOLDED.';

CREATE FUNCTION engage_internal.usable_number(number_raw text) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT n.e164
	FROM (SELECT engage.phone(usable_number.number_raw, o.region) AS e164 FROM engage.policy o) n
	WHERE NOT EXISTS (SELECT FROM engage.filler f, engage.policy o
		WHERE f.kind = 'number' AND f.is_filler AND engage.phone(f.value, o.region) = n.e164);
END;
COMMENT ON FUNCTION engage_internal.usable_number(text) IS
	'A number in E.164, by the policy''s region; NULL if it is not a telephone number, or if the force''s list says that it is a filler.';

-- definer: administrators have no rights on the queue
CREATE FUNCTION engage_internal.filler_changed() RETURNS trigger
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_OP = 'INSERT' THEN
		INSERT INTO engage_internal.dirty (subject, filler, cause)
		SELECT 'filler', engage_internal.filler_entry(n.kind, n.value), 'filler' FROM new_rows n;
	ELSIF TG_OP = 'DELETE' THEN
		INSERT INTO engage_internal.dirty (subject, filler, cause)
		SELECT 'filler', engage_internal.filler_entry(o.kind, o.value), 'filler' FROM old_rows o;
	ELSIF TG_OP = 'UPDATE' THEN
		INSERT INTO engage_internal.dirty (subject, filler, cause)
		SELECT 'filler', u.entry, 'filler'
		FROM (SELECT engage_internal.filler_entry(o.kind, o.value) FROM old_rows o UNION SELECT engage_internal.filler_entry(n.kind, n.value) FROM new_rows n) u (entry);
	ELSE
		INSERT INTO engage_internal.dirty (subject, cause) VALUES ('everything', 'truncate');
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION engage_internal.filler_changed() IS 'Trigger: queues the values of a statement''s fillers.';

CREATE TRIGGER filler_inserted AFTER INSERT ON engage.filler
	REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION engage_internal.filler_changed();
CREATE TRIGGER filler_updated AFTER UPDATE ON engage.filler
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION engage_internal.filler_changed();
CREATE TRIGGER filler_deleted AFTER DELETE ON engage.filler
	REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION engage_internal.filler_changed();
CREATE TRIGGER filler_truncated AFTER TRUNCATE ON engage.filler
	FOR EACH STATEMENT EXECUTE FUNCTION engage_internal.filler_changed();

-- definer: the subscription's login may have no rights on the queue
CREATE FUNCTION engage_internal.filler_applied() RETURNS trigger
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO engage_internal.dirty (subject, filler, cause)
	SELECT 'filler', u.entry, 'filler'
	FROM (SELECT engage_internal.filler_entry(OLD.kind, OLD.value) UNION SELECT engage_internal.filler_entry(NEW.kind, NEW.value)) u (entry)
	WHERE u.entry IS NOT NULL;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION engage_internal.filler_applied() IS 'Trigger: does what filler_changed() does, for a row that logical replication applies.';
CREATE TRIGGER filler_applied AFTER INSERT OR UPDATE OR DELETE ON engage.filler
	FOR EACH ROW EXECUTE FUNCTION engage_internal.filler_applied();
ALTER TABLE engage.filler ENABLE REPLICA TRIGGER filler_applied;
ALTER TABLE engage.filler ENABLE ALWAYS TRIGGER filler_inserted;
ALTER TABLE engage.filler ENABLE ALWAYS TRIGGER filler_updated;
ALTER TABLE engage.filler ENABLE ALWAYS TRIGGER filler_deleted;
ALTER TABLE engage.filler ENABLE ALWAYS TRIGGER filler_truncated;
